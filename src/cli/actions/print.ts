/** What `stepfold print` does. */

import { prepare } from '../../compiler/pipeline/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { printModel } from '../../model/onnx/text/index.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { readShapes, readSizes } from '../arguments.js';
import type { PrintArguments } from '../commands/print.js';
import { printJson, printText } from '../output.js';

export async function printCommand(args: PrintArguments): Promise<void> {
  const source = loadModel(findModel(args.model).file);
  const shapes = readShapes(args.shape);
  const freeze = readSizes('freeze', args.freeze);
  const fixed = Object.keys(shapes).length + Object.keys(freeze).length > 0;
  const model =
    args.canonical || fixed ? (await prepare(source, { shapes, freeze })).canonical : source;
  const text = printModel(model, { maxElements: args.elements });
  if (args.json) printJson({ file: args.model, text });
  else printText(text);
}
