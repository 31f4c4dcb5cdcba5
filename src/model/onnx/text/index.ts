/**
 * ONNX's standard text form, the syntax of docs/Syntax.md in the ONNX repository that
 * `onnx.printer` writes and `onnx.parser` reads. Everything that computes is written; what the
 * syntax has no place for (doc strings of nodes, metadata, sharding, …) is counted in a comment at the
 * end. Tensors come back from text in their typed fields, never as `raw_data`.
 */
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { ExternalFiles } from '../../ir/tensor.js';
import { graphToMessage, modelToMessage } from '../from-ir.js';
import type { ModelMessage } from '../messages.js';
import type { RawRange } from '../skeleton.js';
import { modelFromMessage } from '../to-ir.js';
import { printOmissions } from './omissions.js';
import { parseModelText } from './parse-model.js';
import { printGraphText } from './print-graph.js';
import { printModelText } from './print-model.js';

export interface PrintOptions {
  /**
   * Tensors of more elements are written `...` and their data are not read. What is printed with
   * `Infinity` parses back equal. Default: 16, for human readers.
   */
  readonly maxElements?: number;
}

const READABLE = 16;

/**
 * A model as text, one node a line. Costs no reads of tensors over the limit, nor of external data,
 * which is written as its location.
 */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const { message, ranges } = modelToMessage(model);
  return printMessage(message, ranges, options);
}

export function printGraph(graph: Graph, { maxElements = READABLE }: PrintOptions = {}): string {
  const ranges: RawRange[] = [];
  const message = graphToMessage(graph, ranges);
  return `${printGraphText(message, { maxElements, ranges })}\n`;
}

/** @param ranges what `rawRange` fields of the message refer to */
export function printMessage(
  message: ModelMessage,
  ranges: readonly RawRange[] = [],
  { maxElements = READABLE }: PrintOptions = {},
): string {
  return printModelText(message, { maxElements, ranges }) + printOmissions(message);
}

/**
 * Reads a model from text.
 * @param label names the text in errors, such as its file
 * @param files opens external data
 * @throws TEXT_SYNTAX and the other TEXT_ errors with line and column; the GRAPH_ errors of a graph
 *   that is not well formed
 */
export function parseModel(text: string, label = 'text', files?: ExternalFiles): Model {
  return modelFromMessage(parseMessage(text, label), { label, ranges: [], files });
}

export function parseMessage(text: string, label = 'text'): ModelMessage {
  return parseModelText(text, label);
}
