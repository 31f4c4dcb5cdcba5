/** `stepfold fill`: random weights for a model whose weights file is missing. */
import type { Argv } from 'yargs';
import { fillWeights } from '../../fill/fill.js';
import { jsonOption } from '../arguments.js';
import type { Arguments } from '../command.js';
import { formatBytes, formatCount, print, printJson } from '../output.js';
import { startProgress } from '../progress.js';

export const command = 'fill <model>';
export const describe = 'Give a model without weights random ones, so that it runs';

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', {
      type: 'string',
      demandOption: true,
      describe: 'ONNX file without its weights',
    })
    .options({
      output: {
        alias: 'o',
        type: 'string',
        demandOption: true,
        describe: 'Folder for the model and its weights',
      },
      seed: { type: 'number', default: 0, describe: 'Seed of the weights' },
      ...jsonOption,
    })
    .example('$0 fill samples/architectures/ddpm-cifar10.onnx -o cifar', 'A DDPM U-Net that runs');

export async function handler(args: Arguments<typeof builder>): Promise<void> {
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
}
