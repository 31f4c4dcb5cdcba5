/** What `stepfold fill` does. */
import { fillWeights } from '../../evidence/fill/fill.js';
import type { FillArguments } from '../commands/fill.js';
import { printNext } from '../next.js';
import { formatBytes, formatCount, print, printJson } from '../output.js';
import { startProgress } from '../progress.js';

export async function fill(args: FillArguments): Promise<void> {
  const progress = startProgress('Filling', args.json);
  let report: ReturnType<typeof fillWeights>;
  try {
    report = fillWeights({
      model: args.model,
      folder: args.output,
      seed: args.seed,
      onProgress: (done, total) => progress.update(done, total),
    });
  } finally {
    progress.stop();
  }
  if (args.json) {
    printJson(report);
    return;
  }
  print(
    `${report.model}: ${formatCount(report.elements)} random weights in ${report.tensors} tensors`,
  );
  for (const [file, bytes] of Object.entries(report.files)) print(`${file}: ${formatBytes(bytes)}`);
  printNext(report.model);
}
