/**
 * Says a model's operators by an older operator set, where an engine has only the older versions of some and all mean
 * the same in both. From set 22 on, ONNX gave most operators new versions for new element types alone; engines
 * register a kernel for each version by itself, and so lack the newest ones of operators that they have. Exact.
 */
import type { EngineTable } from '../../../generated/engine.js';
import { type Model, opsetVersion } from '../../../model/ir/model.js';
import { isStandard, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { inferShapes } from '../../../model/shape/index.js';
import { graphsOf } from '../../canonicalize/graphs.js';
import type { TraceEntry } from '../../canonicalize/rewrite.js';
import { hasVersion, rowOf, versionOf } from './versions.js';

/** Below this set versions differ in more than types. */
const OLDEST = 21;

/** New versions of these have attributes of their own, or are given other types in another way. @internal */
export const CHANGED = new Set([
  ...['Attention:24', 'Attention:25', 'Cast:24', 'CastLike:24', 'DequantizeLinear:23'],
  ...['QuantizeLinear:23', 'Range:27', 'SpaceToDepth:28'],
]);

/** Element types that every version of every operator has which has newer ones at all. */
const PLAIN = new Set(
  'float16 float32 float64 bool int8 int16 int32 int64 uint8 uint16 uint32 uint64'.split(' '),
);

/** @returns what was done, where something was */
export function lowerOperatorSet(model: Model, table: EngineTable): TraceEntry | undefined {
  const opset = opsetVersion(model);
  const nodes = [...graphsOf(model.graph)].flatMap((graph) => [...graph.nodes]).filter(isStandard);
  const missing = (set: number) => nodes.filter((node) => lacks(node, table, set)).length;
  let best = opset;
  // each set further down has to be worth it
  for (let set = opset - 1; set >= OLDEST && sameIn(nodes, set + 1, set); set--)
    if (missing(set) < missing(best)) best = set;
  if (best === opset || !isPlain(model)) return undefined;
  for (const domain of ['', 'ai.onnx'])
    if (model.opsets.has(domain)) model.opsets.set(domain, best);
  return {
    rule: 'operator-set',
    node: model.graph.name,
    opType: '',
    values: [],
    why: `from operator set ${opset} to ${best}`,
  };
}

/** Does the table have the operator, and not this version of it? */
function lacks(node: Node, table: EngineTable, set: number): boolean {
  const row = rowOf(node, table);
  return row !== undefined && !hasVersion(row, table.matching, versionOf(node, set), set);
}

function sameIn(nodes: readonly Node[], newer: number, older: number): boolean {
  return nodes.every((node) => {
    const version = versionOf(node, newer);
    if (version <= older) return true;
    return versionOf(node, older) > 0 && !CHANGED.has(`${node.opType}:${version}`);
  });
}

function isPlain(model: Model): boolean {
  const shapes = inferShapes(model);
  const plain = (value: Value | null) => value === null || PLAIN.has(shapes.dtype(value) ?? '');
  return [...graphsOf(model.graph)].every((graph) =>
    [...graph.nodes].every(({ inputs, outputs }) => [...inputs, ...outputs].every(plain)),
  );
}
