/** Checks that a graph is whole: used after every pass, and by tests. */

import { StepfoldError } from '../../errors/index.js';
import { subgraphs, withContents } from './attribute.js';
import type { Graph } from './graph.js';
import { topologicalOrder } from './order.js';
import { pushAll } from './push-all.js';
import type { Value } from './value.js';

export interface Violation {
  readonly message: string;
  readonly node?: string;
  readonly value?: string;
}

/** Everything wrong with a graph and the graphs inside it; empty when it is valid. */
export function findViolations(graph: Graph, visible: ReadonlySet<Value> = new Set()): Violation[] {
  const found: Violation[] = [];
  const own = new Set(graph.values());
  const seen = new Set<string>([...visible].map((v) => v.name));
  for (const value of own) {
    if (seen.has(value.name))
      found.push({ message: `two values are named "${value.name}"`, value: value.name });
    seen.add(value.name);
    if (value.graph !== graph)
      found.push({ message: `"${value.name}" belongs to another graph`, value: value.name });
  }
  const known = new Set([...visible, ...own]);
  const readers = withContents(graph.nodes);
  for (const value of own)
    for (const { user, index } of value.uses) {
      const there = user === graph || readers.has(user);
      const slots = 'opType' in user ? user.inputs : user.outputs;
      if (!there || slots[index] !== value)
        found.push({
          message: `"${value.name}" believes that ${'opType' in user ? `node "${user.label}"` : `graph "${user.name}"`} uses it`,
          value: value.name,
        });
    }
  for (const node of graph.nodes) {
    node.inputs.forEach((input, index) => {
      if (!input) return;
      if (!known.has(input))
        found.push({
          message: `node "${node.label}" reads "${input.name}", which is not in its scope`,
          node: node.label,
          value: input.name,
        });
      if (![...input.uses].some((use) => use.user === node && use.index === index))
        found.push({
          message: `"${input.name}" does not know that input ${index} of "${node.label}" uses it`,
          node: node.label,
          value: input.name,
        });
    });
    for (const output of node.outputs)
      if (output && output.producer !== node)
        found.push({ message: `"${output.name}" does not know its producer`, value: output.name });
    for (const inner of subgraphs(node)) pushAll(found, findViolations(inner, known));
  }
  graph.outputs.forEach((output, index) => {
    if (![...output.uses].some((use) => use.user === graph && use.index === index))
      found.push({
        message: `"${output.name}" does not know that it is an output`,
        value: output.name,
      });
    if (!known.has(output))
      found.push({
        message: `output "${output.name}" is not made by the graph`,
        value: output.name,
      });
  });
  try {
    topologicalOrder(graph);
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    found.push({ message: error.message });
  }
  return found;
}
