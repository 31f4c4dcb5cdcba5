/**
 * If nodes that choose between regions of a graph. A branch takes over the nodes of its region; what
 * it reads from outside, weights included, stays there and is captured.
 */
import { graph as graphAttribute, tensor } from '../../model/ir/attribute.js';
import { type CloneMap, copyNode, wireCopy } from '../../model/ir/clone.js';
import { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import { int64Tensor } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';

/** Columns that are the same value in every row need only one output of the If. */
export function distinctColumns(
  rows: readonly (readonly Value[])[],
): { first: number; all: number[] }[] {
  const found: { first: number; all: number[] }[] = [];
  for (let c = 0; c < (rows[0]?.length ?? 0); c++) {
    const same = found.find(({ first }) => rows.every((row) => row[first] === row[c]));
    if (same) same.all.push(c);
    else found.push({ first: c, all: [c] });
  }
  return found;
}

export interface Branch {
  readonly values: readonly Value[];
  readonly region: ReadonlySet<Node>;
  /** What stands for a site's value in this branch. */
  readonly instead: ReadonlyMap<Value, Value>;
}

/** Of the If that takes branch `from` of a site, or goes on to the next. */
export const ifName = (site: string, from: number): string =>
  `stepfold.if.${site}${from ? `.${from}` : ''}`;

/** An If that takes branch `from` when the choice says so, else the rest; returns its outputs. */
export function buildIf(
  into: Graph,
  site: string,
  choice: Value,
  branches: readonly Branch[],
  from: number,
): Value[] {
  const index = into.addNode({
    opType: 'Constant',
    inputs: [],
    outputs: [`stepfold.choice.${site}.${from}`],
    attributes: { value: tensor(int64Tensor([from], [])) },
  }).output;
  const chosen = into.addNode({
    opType: 'Equal',
    inputs: [choice, index],
    outputs: [`stepfold.chosen.${site}.${from}`],
  }).output;
  const last = from + 2 === branches.length;
  const otherwise = last
    ? branchGraph(into, `${site}.${from + 1}`, branches[from + 1]!)
    : new Graph(`${site}.else`, into);
  if (!last)
    for (const value of buildIf(otherwise, site, choice, branches, from + 1))
      otherwise.addOutput(value);
  const node = into.addNode({
    opType: 'If',
    name: ifName(site, from),
    inputs: [chosen],
    outputs: branches[from]!.values.map((_, k) => `stepfold.${site}.${from}.${k}`),
    attributes: {
      then_branch: graphAttribute(branchGraph(into, `${site}.${from}`, branches[from]!)),
      else_branch: graphAttribute(otherwise),
    },
  });
  return node.outputs as Value[];
}

/** Copies a region into a branch. Its values leave as outputs; those from outside through Identity. */
function branchGraph(parent: Graph, name: string, branch: Branch): Graph {
  const inner = new Graph(name, parent);
  const map: CloneMap = { values: new Map(), nodes: new Map() };
  for (const node of branch.region) copyNode(node, inner, map);
  for (const [value, other] of branch.instead)
    if (value !== other) map.values.set(value, map.values.get(other) ?? other);
  for (const node of branch.region) wireCopy(node, map.nodes.get(node) as Node, map);
  branch.values.forEach((value, k) => {
    const made = map.values.get(value);
    const out =
      made && !made.isGraphOutput
        ? made
        : inner.addNode({
            opType: 'Identity',
            inputs: [made ?? value],
            outputs: [`stepfold.${name}.${k}`],
          }).output;
    inner.addOutput(out);
  });
  removeDeadNodes(inner);
  return inner;
}
