// Mutations of the graph in memory: what a faulty pass would do to it. They are encoded as far as they can
// be, so that what reads them is what reads files.
import { DATA_TYPES, tensorType } from '../../dist/src/model/ir/types.js';
import { integer, number, word } from './nasty.mjs';

const anyNode = (graph, c) => c.pick([...graph.nodes]);
const anyValue = (graph, c) => c.pick([...graph.values()]);

const attribute = (c) =>
  c.pick([
    { type: 'int', value: integer(c).toBigInt() },
    { type: 'ints', value: Array.from({ length: c.below(5) }, () => integer(c).toBigInt()) },
    { type: 'float', value: number(c) },
    { type: 'string', value: new TextEncoder().encode(word(c)) },
  ]);

const MUTATIONS = [
  (graph, c) => {
    const node = anyNode(graph, c);
    if (node?.inputs.length) node.setInput(c.below(node.inputs.length), anyValue(graph, c));
  },
  (graph, c) => {
    const node = anyNode(graph, c);
    if (node?.inputs.length) node.setInput(c.below(node.inputs.length), null);
  },
  (graph, c) => {
    const node = anyNode(graph, c);
    const names = node ? [...node.attributes.keys()] : [];
    if (names.length) node.attributes.set(c.pick(names), attribute(c));
  },
  (graph, c) => {
    const node = anyNode(graph, c);
    if (node) node.opType = c.chance(1, 2) ? (anyNode(graph, c)?.opType ?? '') : word(c);
  },
  (graph, c) => {
    const value = anyValue(graph, c);
    const dim = () => c.pick([integer(c).toNumber(), word(c), null]);
    if (value) value.type = tensorType(c.pick(DATA_TYPES), Array.from({ length: c.below(6) }, dim));
  },
  (graph, c) => {
    const value = [...graph.initializers][0];
    if (value?.initializer)
      value.initializer = {
        ...value.initializer,
        dims: Array.from({ length: c.below(5) }, () => integer(c).toNumber()),
      };
  },
  (graph, c) => {
    const value = anyValue(graph, c);
    if (value) graph.addOutput(value);
  },
];

/** Changes a model in place. */
export function mutateGraph(model, choices) {
  for (let i = choices.few(5); i > 0; i--) choices.pick(MUTATIONS)(model.graph, choices);
}
