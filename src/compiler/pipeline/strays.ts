/** What a proposal names that is not in the graph it is for. */
import type { Graph } from '../../model/ir/graph.js';
import type { Violation } from '../../model/ir/validate.js';
import type { Value } from '../../model/ir/value.js';
import type { PlainSite, Proposal } from '../plan/index.js';
import { partsOf } from '../plan/index.js';

/** Values and nodes of sites and states that the graph does not have, such as those of a node that was removed. */
export function findStrays({ sites }: Proposal, graph: Graph): Violation[] {
  return sites.flatMap((site) => [
    ...strayValues(site.outputs, `site "${site.id}" names`, graph),
    ...partsOf(site).flatMap((part) => strayParts(part, graph)),
  ]);
}

function strayParts(part: PlainSite, graph: Graph): Violation[] {
  const nodes = [...(part.within ?? [])].filter((node) => !graph.nodes.has(node));
  return [
    ...strayValues(part.outputs, `site "${part.id}" names`, graph),
    ...part.states.flatMap(({ id, like }) =>
      strayValues([like], `state "${id}" is to be like`, graph),
    ),
    ...nodes.map((node) => ({
      message: `site "${part.id}" names the node "${node.label}", which is not in the graph`,
      node: node.label,
    })),
  ];
}

const strayValues = (values: readonly Value[], who: string, graph: Graph): Violation[] =>
  values
    .filter((value) => !isOf(graph, value))
    .map(({ name }) => ({ message: `${who} "${name}", which is not in the graph`, value: name }));

function isOf(graph: Graph, value: Value): boolean {
  const { producer } = value;
  if (producer) return graph.nodes.has(producer) && producer.outputs.includes(value);
  return (
    graph.initializers.has(value) ||
    graph.sparseInitializers.has(value) ||
    graph.inputs.includes(value)
  );
}
