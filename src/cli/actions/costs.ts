/** What `stepfold costs` does. */
import { writeFile } from '../../compiler/emit/index.js';
import { passRequestText } from '../../compiler/pass/index.js';
import { costsExist } from '../../errors/index.js';
import {
  Bundles,
  formatCosts,
  type LoopSubject,
  MOST_STEPS,
  measureCosts,
} from '../../evidence/tune/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { readRoles, readShapes, readSizes } from '../arguments.js';
import type { CostsArguments } from '../commands/costs.js';
import { printNext } from '../next.js';
import { heading, print, printJson, printTable } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';
import { outputName } from '../proposal/output-name.js';
import { checkTry, startingPoints } from './tune/search-space.js';

export async function runCosts(args: CostsArguments): Promise<void> {
  const { file } = findModel(args.model);
  checkOutputFile(args.output, args.force, costsExist);
  const table = await readPasses(args.plugin);
  checkTry(args.try, table);
  const model = loadModel(file);
  const { guidance: order = 'none', guidanceMode: mode = 'batch' } = args;
  const subject: LoopSubject = {
    ...{ file, table, feeds: {}, seed: 0 },
    // of what a step costs the sampler has no part
    own: { name: 'ddim', steps: MOST_STEPS },
    ...(order !== 'none' && { guidance: { order, mode, unconditional: {} } }),
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
  const bundles = new Bundles(subject, model, args.threads);
  const status = startStatus(args.json);
  try {
    const costs = await measureCosts(bundles, {
      ...{ subject, startingPoints, mostSteps: MOST_STEPS },
      ...{ wanted: args.try, machine: args.machine },
      onMethod: (done, all, what) =>
        status.show(`Measuring ${what} (${done + 1} of ${all})`, done / all),
    });
    writeFile(args.output, new TextEncoder().encode(formatCosts(costs, args.output)));
    status.stop();
    if (args.json) {
      printJson({ file: args.output, ...costs });
      return;
    }
    heading(costs.machine);
    print(`A call of the model: ${costs.source.milliseconds} ms`);
    printTable(
      ['passes', 'full step', 'step between'],
      costs.entries.map(({ passes, full, between }) => [
        passes.map(passRequestText).join(' and '),
        full.toFixed(3),
        between.toFixed(3),
      ]),
    );
    for (const { passes, reason } of costs.failed ?? [])
      print(`Not measured: ${passes.map(passRequestText).join(' and ')}: ${reason}`);
    print(`Written: ${args.output}`);
    printNext('tune', args.model, '--cost', args.output, '-o', outputName(args.model, 'tuned'));
  } finally {
    status.stop();
    await bundles.release();
  }
}
