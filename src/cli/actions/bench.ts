/** What `stepfold bench` does. */
import { requireBundle } from '../../evidence/measure/bundle.js';
import { benchBundle } from '../../evidence/measure/index.js';
import { otherLoop } from '../../evidence/report/facts/other-loop.js';
import { findBundle, findModel } from '../../runtime/model-folder/index.js';
import { readSchedule } from '../../runtime/node/index.js';
import { readShapes } from '../arguments.js';
import type { BenchArguments } from '../commands/bench.js';
import { readAskedLoop } from '../loop-places.js';
import { printOthers } from '../made-loop-line.js';
import { formatBytes, formatSizes, formatTimes, print, printJson, printTable } from '../output.js';
import { startProgress } from '../progress.js';

export async function bench(args: BenchArguments): Promise<void> {
  const folder = findBundle(args.bundle);
  requireBundle(folder);
  const schedule = await readSchedule(folder);
  const { request: loop, others } = await readAskedLoop(args, args.bundle, schedule);
  const progress = startProgress('Measuring', args.json);
  const report = await benchBundle({
    folder,
    loop,
    model: findModel(args.against).file,
    rounds: args.rounds,
    seed: args.seed,
    shapes: readShapes(args.shape),
    ...(args.threads !== undefined && { threads: args.threads }),
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop());
  if (args.json) {
    printJson(report);
    return;
  }
  const other = otherLoop(report.loop, report.written);
  if (other) print(`${other}.`);
  if (others.length > 0) printOthers(others);
  const ms = (value: number) => `${value.toFixed(value < 100 ? 2 : 0)} ms`;
  print(
    `Medians of ${report.rounds} alternating ${report.turns === 'loops' ? 'loops' : 'runs'}, ${formatSizes(report.sizes)}.`,
  );
  printTable(
    ['', 'calls', 'time', 'speed-up', 'MAC ratio, layers', 'with attention'],
    [
      ['source', '', ms(report.source.milliseconds), '', '', ''],
      ...Object.entries(report.programs).map(([name, p]) => [
        name,
        p.calls,
        ms(p.milliseconds),
        formatTimes(p.speedup),
        formatTimes(p.macRatio.layers),
        formatTimes(p.macRatio.all),
      ]),
      [
        'whole loop',
        report.loop.calls,
        ms(report.loop.milliseconds),
        formatTimes(report.loop.speedup),
        formatTimes(report.loop.macRatio.layers),
        formatTimes(report.loop.macRatio.all),
      ],
    ],
  );
  const { source, both, peak } = report.memory;
  print(
    `Memory of the process: ${formatBytes(source)} with the source loaded, ${formatBytes(both)} with the bundle as well, ${formatBytes(peak)} at most.`,
  );
}
