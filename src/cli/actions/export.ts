/** What `stepfold export` does. */
import path from 'node:path';
import { exportTriton, type TritonModel } from '../../compiler/export/triton/index.js';
import { readSizes } from '../arguments.js';
import type { ExportArguments } from '../commands/export.js';
import { print, printJson } from '../output.js';
import { startStatus } from '../progress.js';
import { shellWord } from '../shell.js';

export async function exportBundle(args: ExportArguments): Promise<void> {
  const status = startStatus(args.json);
  let model: TritonModel;
  try {
    status.show(`Writing ${args.output}`);
    model = await exportTriton({
      bundle: args.bundle,
      repository: args.output,
      name: args.name,
      weights: args.weights,
      sequences: args.sequences,
      idle: args.idle,
      maxBatch: args.maxBatch,
      warmUp: args.warmUp,
      ...(args.size && { sizes: readSizes('size', args.size) }),
    });
  } finally {
    status.stop();
  }
  if (args.json) printJson(model);
  else printModel(args.output, model);
}

const WAYS = {
  linked: "hard links to the bundle's",
  cloned: "clones of the bundle's",
  copied: 'copied',
  gathered: 'gathered into one file',
} as const satisfies Record<TritonModel['weights'][string], string>;

function printModel(repository: string, model: TritonModel): void {
  const { folder, form, states, sequences, idle, maxBatch, alone, warmUp, unsettled } = model;
  const what =
    form === 'stateful'
      ? `${states} states, ${sequences} sequences at a time, given up after ${idle} s without a request`
      : `${maxBatch > 0 ? `batches of up to ${maxBatch} images` : `requests one by one, since ${alone}`}, ${warmUp ? '' : 'not '}warmed up`;
  print(`${folder}: ${form}, ${what}`);
  const ways = [...new Set(Object.values(model.weights))].map((way) => WAYS[way]);
  if (ways.length > 0) print(`Weights: ${ways.join('; ')}`);
  if (unsettled !== undefined)
    print(
      `Note: onnxruntime could not be asked for the sizes of outputs (${unsettled}); Triton wants them as its own sees them.`,
    );
  print(`How it is called, and its limits: ${path.join(folder, 'README.md')}`);
  print();
  print('Next');
  print(`tritonserver --model-repository=${shellWord(repository)}`);
}
