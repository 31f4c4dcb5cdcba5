/** What `stepfold print` does. */

import { prepare } from '../../compiler/pipeline/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { printModel } from '../../model/onnx/text/index.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { readShapes, readSizes } from '../arguments.js';
import type { PrintArguments } from '../commands/print.js';
import { printJson, printText } from '../output.js';
import { startStatus } from '../progress.js';
import { withModelFile } from '../standard-input.js';

export const printCommand = (args: PrintArguments): Promise<void> =>
  withModelFile(args.model, (file) => printFile(args, file));

async function printFile(args: PrintArguments, given: string): Promise<void> {
  const status = startStatus(args.json);
  status.show(`Reading ${args.model}`);
  const source = loadModel(findModel(given).file);
  const shapes = readShapes(args.shape);
  const freeze = readSizes('freeze', args.freeze);
  const fixed = Object.keys(shapes).length + Object.keys(freeze).length > 0;
  const model =
    args.canonical || fixed ? (await prepare(source, { shapes, freeze })).canonical : source;
  const text = printModel(model, { maxElements: args.elements });
  status.stop();
  if (args.json) printJson({ file: args.model, text });
  else printText(text);
}
