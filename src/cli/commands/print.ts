/** `stepfold print`: a model in ONNX's standard text form. */
import type { Argv } from 'yargs';
import { loadModel } from '../../onnx/files.js';
import { printModel } from '../../onnx/text/index.js';
import { prepare } from '../../pipeline/index.js';
import { jsonOption, readShapes, readSizes, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';
import { printJson } from '../output.js';

export const command = 'print <model>';
export const describe = "Print a model in ONNX's standard text form";

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', { type: 'string', demandOption: true, describe: 'ONNX file' })
    .options({
      canonical: { type: 'boolean', default: false, describe: 'Print the canonical form' },
      elements: {
        type: 'number',
        default: 16,
        describe: 'Write out tensors of at most this many elements',
      },
      ...shapeOptions,
      ...jsonOption,
    })
    .example('$0 print unet.onnx --canonical', 'What analyses and passes see');

export async function handler(args: Arguments<typeof builder>): Promise<void> {
  const source = loadModel(args.model);
  const shapes = readShapes(args.shape);
  const freeze = readSizes('freeze', args.freeze);
  const fixed = Object.keys(shapes).length + Object.keys(freeze).length > 0;
  const model =
    args.canonical || fixed ? (await prepare(source, { shapes, freeze })).canonical : source;
  const text = printModel(model, { maxElements: args.elements });
  if (args.json) printJson({ file: args.model, text });
  else process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
