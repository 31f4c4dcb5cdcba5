/** How many classes a model knows: the rows of the table in which an integer input is looked up. */
import { attrNumber } from '../../model/ir/attribute.js';
import { constantTensor } from '../../model/ir/constants.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import { keepsNumbers } from '../../model/operators/index.js';

/** By input name; inputs that index no table directly are left out. */
export function tableRows(graph: Graph): Map<string, number> {
  const rows = new Map<string, number>();
  for (const node of graph.nodes) {
    if (!isOp(node, 'Gather')) continue;
    const [table, index] = node.inputs;
    const dims = constantTensor(table)?.dims ?? [];
    const input = inputBehind(index);
    const size = dims.at(attrNumber(node, 'axis', 0));
    // a table of embeddings has a row of features for each class
    if (!input || size === undefined || dims.length < 2) continue;
    rows.set(input.name, Math.min(rows.get(input.name) ?? size, size));
  }
  return rows;
}

/** The graph input that a value is a rearrangement of. */
function inputBehind(value: Value | null | undefined): Value | undefined {
  for (let v = value; v; v = v.producer?.inputs[0]) {
    if (v.isGraphInput) return v;
    if (!v.producer || !keepsNumbers(v.producer)) return undefined;
  }
  return undefined;
}
