/** Whatever is done to a graph, both ends of every edge stay equal. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graph as graphAttribute, subgraphs } from '../../../src/model/ir/attribute.js';
import { Graph } from '../../../src/model/ir/graph.js';
import type { Node } from '../../../src/model/ir/node.js';
import { removeDeadNodes } from '../../../src/model/ir/prune.js';
import { float32Tensor } from '../../../src/model/ir/tensor.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import type { Value } from '../../../src/model/ir/value.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

/** Every edge, read off the nodes' inputs and the graphs' outputs alone. */
function edgesByReaders(graph: Graph, found = new Map<Value, string[]>()): Map<Value, string[]> {
  const note = (value: Value | null, place: string) => {
    if (value) found.set(value, [...(found.get(value) ?? []), place].sort());
  };
  for (const node of graph.nodes) {
    node.inputs.forEach((value, i) => {
      note(value, `${node.name}:${i}`);
    });
    for (const inner of subgraphs(node)) edgesByReaders(inner, found);
  }
  graph.outputs.forEach((value, i) => {
    note(value, `graph ${graph.name}:${i}`);
  });
  return found;
}

function expectWhole(graph: Graph, values: Iterable<Value>): void {
  const edges = edgesByReaders(graph);
  for (const value of values) {
    const uses = [...value.uses].map(({ user, index }) =>
      'opType' in user ? `${user.name}:${index}` : `graph ${user.name}:${index}`,
    );
    expect(uses.sort(), value.name).toEqual(edges.get(value) ?? []);
  }
  expect(findViolations(graph)).toEqual([]);
}

/** Edits by number, so that shrinking keeps them meaningful. */
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'add',
      'add',
      'add',
      'nest',
      'initializer',
      'rewire',
      'replace',
      'output',
      'redirect',
      'rename',
      'remove',
      'remove several',
      'drop outputs',
      'prune',
    ),
    a: fc.nat(999),
    b: fc.nat(999),
    c: fc.nat(999),
  }),
  { maxLength: 40 },
);

test('random edits', () => {
  fc.assert(
    fc.property(edits, (steps) => {
      const graph = new Graph('main');
      /** In an order in which everything reads only what is before it. */
      let values: Value[] = [graph.addInput('x'), graph.addInput('y')];
      let serial = 0;
      const pick = (n: number, among = values) => among[n % among.length] as Value;
      const alive = () => {
        const there = new Set(graph.values());
        values = values.filter((v) => there.has(v));
      };
      for (const { kind, a, b, c } of steps) {
        const nodes = [...graph.nodes];
        const node: Node | undefined = nodes[a % Math.max(1, nodes.length)];
        if (kind === 'add') {
          const made = graph.addNode({
            opType: 'Op',
            name: `node${serial}`,
            inputs: [pick(a), c % 5 === 0 ? null : pick(b)],
            outputs: c % 3 === 0 ? [`v${serial}`, null, `w${serial}`] : [`v${serial % 4}`],
          });
          serial++;
          for (const output of made.outputs) if (output) values.push(output);
        } else if (kind === 'nest') {
          const inner = new Graph(`inner${serial}`, graph);
          const first = inner.addNode({ opType: 'Op', name: `in${serial}`, inputs: [pick(a)] });
          // one captured value leaves the inner graph as it is
          inner.addOutput(c % 2 ? first.output : pick(b));
          const made = graph.addNode({
            opType: 'If',
            name: `node${serial++}`,
            inputs: [pick(c)],
            attributes: { then_branch: graphAttribute(inner) },
          });
          values.push(made.output);
        } else if (kind === 'initializer') {
          values.unshift(graph.addInitializer(`k${serial++ % 3}`, float32Tensor([a])));
        } else if (kind === 'rewire' && node) {
          const before = values.slice(0, Math.min(...ownPlaces(node, values)));
          if (before.length > 0) node.setInput(b % 4, c % 4 === 0 ? null : pick(c, before));
        } else if (kind === 'replace') {
          const from = pick(a);
          const before = values.slice(0, values.indexOf(from));
          if (before.length > 0) graph.replaceUses(from, pick(b, before));
        } else if (kind === 'output') graph.addOutput(pick(a));
        else if (kind === 'redirect' && graph.outputs.length > 0)
          graph.setOutput(a % graph.outputs.length, pick(b));
        else if (kind === 'rename') graph.rename(pick(a), `renamed${serial++}`);
        else if (kind === 'remove' && node) {
          const used = node.outputs.some((o) => o && o.uses.size > 0);
          if (used) expect(() => graph.removeNode(node)).toThrow(/still used/);
          else graph.removeNode(node);
        } else if (kind === 'remove several') {
          const some = new Set(nodes.filter((_, i) => (a >> (i % 10)) & 1));
          try {
            graph.removeNodes(some);
          } catch (error) {
            expect((error as { code: string }).code).toBe('GRAPH_STILL_USED');
            // refused means that nothing happened
            expect([...graph.nodes]).toEqual(nodes);
          }
        } else if (kind === 'drop outputs') graph.filterOutputs((_, i) => i % 2 === a % 2);
        else if (kind === 'prune') removeDeadNodes(graph);
        const all = values;
        alive();
        expectWhole(graph, all);
      }
    }),
    { numRuns: 300 },
  );
});

function ownPlaces(node: Node, values: readonly Value[]): number[] {
  return node.outputs.flatMap((o) => (o ? [values.indexOf(o)] : []));
}

describe('removal', () => {
  const text = `g (float[N] x, bool c) => (float[N] y) {
    a = Neg (x)
    b = Abs (a)
    y = If (c) <
      then_branch: graph = t () => (float[N] ty) { ty = Relu (b) },
      else_branch: graph = e () => (float[N] ey) { ey = Relu (x) }
    >
  }`;

  test('of nodes that an inner graph reads is refused, and nothing is changed by trying', () => {
    const { graph } = modelOf(text);
    const [a, b] = [...graph.nodes];
    expect(() => graph.removeNodes(new Set([a!, b!]))).toThrow(/"b" is still used/);
    expect(namesOf(graph.nodes)).toEqual(['a', 'b', 'y']);
    expect(a!.inputs[0]!.name).toBe('x');
    expect(findViolations(graph)).toEqual([]);
  });

  test('of nodes together with the inner graphs that read them', () => {
    const model = modelOf(text);
    model.graph.setOutput(0, named(model, 'x'));
    const x = named(model, 'x');
    model.graph.removeNodes(new Set(model.graph.nodes));
    expect([...x.uses].map((use) => use.user)).toEqual([model.graph]);
  });

  test('of what only a dead node of an inner graph reads', () => {
    const { graph } = modelOf(`g (float[N] x, bool c) => (float[N] y) {
      a = Neg (x)
      y = If (c) <
        then_branch: graph = t () => (float[N] ty) { dead = Relu (a) ty = Abs (x) },
        else_branch: graph = e () => (float[N] ey) { ey = Relu (x) }
      >
    }`);
    removeDeadNodes(graph);
    expect(namesOf(graph.nodes)).toEqual(['y']);
    expect(findViolations(graph)).toEqual([]);
  });

  test('keeps inputs with a default, and drops initializers that nothing reads', () => {
    const { graph } = modelOf(`g (float[2] x, float[2] d) => (float[2] y)
    <float[2] d = {1, 2}, float[2] unused = {3, 4}>
    { y = Neg (x) }`);
    removeDeadNodes(graph);
    expect(namesOf(graph.inputs)).toEqual(['x', 'd']);
    expect(namesOf(graph.initializers)).toEqual(['d']);
  });
});

describe('names', () => {
  test('a taken name is made fresh, in inner graphs too', () => {
    const graph = new Graph('main');
    const x = graph.addInput('x');
    const inner = new Graph('inner', graph);
    expect(inner.addNode({ opType: 'Op', inputs: [x], outputs: ['x'] }).output.name).toBe('x_1');
    expect(graph.addNode({ opType: 'Op', inputs: [x], outputs: ['x'] }).output.name).toBe('x_2');
  });

  test('a taken name is refused by rename', () => {
    const graph = new Graph('main');
    const x = graph.addInput('x');
    graph.addInput('y');
    expect(() => graph.rename(x, 'y')).toThrow(/taken/);
    expect(x.name).toBe('x');
  });

  test('a name given up is free for another value', () => {
    const graph = new Graph('main');
    const x = graph.addInput('x');
    graph.giveUpName(x, 'x.old');
    expect(x.name).toBe('x.old');
    expect(graph.addNode({ opType: 'Op', inputs: [x], outputs: ['x'] }).output.name).toBe('x');
  });
});
