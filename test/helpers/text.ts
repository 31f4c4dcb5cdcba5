/** Models from ONNX's text form, with the header that every test would repeat. */
import type { Model } from '../../src/model/ir/model.js';
import type { Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';
import { parseModel } from '../../src/model/onnx/text/index.js';

/** @param graph the graph in text form: `name (inputs) => (outputs) { nodes }` */
export function modelOf(graph: string, opset = 17): Model {
  return parseModel(`<ir_version: 8, opset_import: ["": ${opset}]>\n${graph}`);
}

/** The value of a name in the main graph; tests name only what is there. */
export function named(model: Model, name: string): Value {
  const value = model.graph.find(name);
  if (!value) throw new Error(`no value "${name}" in the test's graph`);
  return value;
}

export const namesOf = (items: Iterable<Value | Node>): string[] =>
  [...items].map((item) => ('opType' in item ? item.output.name : item.name));
