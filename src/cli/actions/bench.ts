/** What `stepfold bench` does. */
import { requireBundle } from '../../evidence/measure/bundle.js';
import { benchBundle, isClear, type Spread } from '../../evidence/measure/index.js';
import { otherLoop } from '../../evidence/report/facts/other-loop.js';
import { findBundle, findModel } from '../../runtime/model-folder/index.js';
import { readSchedule } from '../../runtime/node/index.js';
import { readShapes } from '../arguments.js';
import { colors } from '../colors.js';
import type { BenchArguments } from '../commands/bench.js';
import { readAskedLoop } from '../loop-places.js';
import { printOthers } from '../made-loop-line.js';
import { printNextPage } from '../next-of-bundle.js';
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
  const { source: plain, programs, loop: whole } = report;
  print(
    `Medians of ${report.rounds} alternating ${report.turns === 'loops' ? 'loops' : 'runs'}, ${formatSizes(report.sizes)}.`,
  );
  printTable(
    ['', 'calls', 'time', 'quartiles', 'speed-up', 'layer MACs', 'all MACs'],
    [
      ['source', '', ms(plain.milliseconds), quartiles(plain.quartiles), '', '', ''],
      ...Object.entries(programs).map(([name, program]) => [
        name,
        program.calls,
        ms(program.milliseconds),
        quartiles(program.quartiles),
        isTold(plain) && isTold(program) ? formatTimes(program.speedup) : UNCLEAR,
        formatTimes(program.macRatio.layers),
        formatTimes(program.macRatio.all),
      ]),
      [
        'whole loop',
        whole.calls,
        ms(whole.milliseconds),
        '',
        whole.worth === 'unclear' ? UNCLEAR : formatTimes(whole.speedup),
        formatTimes(whole.macRatio.layers),
        formatTimes(whole.macRatio.all),
      ],
    ],
  );
  if (report.rounds > 1)
    print(
      `Of the rounds half were between ${whole.quartiles.map(formatTimes).join(' and ')} as fast as the source.`,
    );
  for (const doubt of report.doubts) print(colors.yellow('Doubtful'), `: ${doubt}.`);
  const { source, both, peak } = report.memory;
  print(
    `Memory of the process: ${formatBytes(source)} with the source loaded, ${formatBytes(both)} with the bundle as well, ${formatBytes(peak)} at most.`,
  );
  await printNextPage(args.bundle);
}

const UNCLEAR = 'unclear';

const digits = (value: number): string => value.toFixed(value < 100 ? 2 : 0);
const ms = (value: number): string => `${digits(value)} ms`;
const quartiles = (two: readonly [number, number]): string => two.map(digits).join(' - ');

const isTold = (of: { readonly milliseconds: number; readonly quartiles: Spread['quartiles'] }) =>
  isClear({ median: of.milliseconds, quartiles: of.quartiles });
