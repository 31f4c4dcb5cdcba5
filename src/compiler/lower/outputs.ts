/** Adding state outputs to a graph, and dropping inputs that a program does not read. */
import type { Graph } from '../../model/ir/graph.js';
import type { ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import type { Instrumented } from './instrumented.js';

/** Makes `value` leave the graph as an output called `name`. Costs no node where a rename will do. */
export function addNamedOutput(
  graph: Graph,
  name: string,
  value: Value,
  type: ValueType | undefined,
): void {
  let out = value;
  if (!value.producer || value.isGraphOutput)
    out = graph.addNode({ opType: 'Identity', inputs: [value], outputs: [name] }).output;
  else graph.rename(value, name);
  out.type = type ?? out.type;
  graph.addOutput(out);
}

/** Removes inputs that nothing reads any more; those the source itself never read stay. */
export function dropUnusedInputs(graph: Graph, keep: ReadonlySet<string>): void {
  for (const input of [...graph.inputs]) {
    if (input.uses.size > 0 || keep.has(input.name)) continue;
    if (input.initializer) graph.removeInitializer(input);
    graph.removeInput(input);
  }
}

/** Inputs of the source that it never reads, by name; states are not among them. */
export function unusedInputs({ model, states }: Instrumented): Set<string> {
  const names = model.graph.inputs.filter((v) => v.uses.size === 0).map((v) => v.name);
  const carried = new Set([...states.values()].map(({ input }) => input.name));
  return new Set(names.filter((name) => !carried.has(name)));
}
