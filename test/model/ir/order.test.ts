/** Topological order: stable, aware of inner graphs, and honest about cycles. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/model/ir/graph.js';
import type { Node } from '../../../src/model/ir/node.js';
import {
  capturedValues,
  findCycle,
  nodeDependencies,
  sortNodes,
  topologicalOrder,
} from '../../../src/model/ir/order.js';
import type { Value } from '../../../src/model/ir/value.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

/** A random graph whose nodes are in random order; `links[i]` names earlier nodes that i reads. */
const shuffled = fc
  .array(fc.array(fc.nat(999), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
  .chain((links) =>
    fc.record({
      links: fc.constant(links),
      order: fc.shuffledSubarray([...links.keys()], { minLength: links.length }),
    }),
  );

function build({ links, order }: { links: number[][]; order: number[] }) {
  const graph = new Graph('g');
  const x = graph.addInput('x');
  const nodes: Node[] = [];
  for (const reads of links) {
    const inputs: Value[] = [
      x,
      ...reads.flatMap((r) => nodes[r % (nodes.length || 1)]?.output ?? []),
    ];
    nodes.push(graph.addNode({ opType: 'Op', inputs }));
  }
  graph.reorder(order.map((i) => nodes[i]!));
  return { graph, nodes };
}

describe('topological order', () => {
  test('every node comes after what it reads, and every node comes once', () => {
    fc.assert(
      fc.property(shuffled, (c) => {
        const { graph, nodes } = build(c);
        const order = topologicalOrder(graph);
        expect(new Set(order)).toEqual(new Set(nodes));
        expect(order).toHaveLength(nodes.length);
        const place = new Map(order.map((node, i) => [node, i]));
        for (const node of order)
          for (const value of nodeDependencies(node))
            if (value.producer) expect(place.get(value.producer)).toBeLessThan(place.get(node)!);
      }),
    );
  });

  test('a sorted graph keeps its order exactly', () => {
    fc.assert(
      fc.property(shuffled, (c) => {
        const { graph } = build(c);
        sortNodes(graph);
        const once = [...graph.nodes];
        expect(topologicalOrder(graph)).toEqual(once);
      }),
    );
  });

  test.each(['ddpm-cifar10', 'sd15-unet'])(
    'the order that the exporter wrote of %s stays',
    (name) => {
      const { graph } = loadModel(`samples/architectures/${name}.onnx`);
      expect(topologicalOrder(graph)).toEqual([...graph.nodes]);
    },
  );

  test('a node waits for what graphs inside it capture, however deep', () => {
    const model = modelOf(`g (float[2] x, bool c) => (float[2] y) {
      a = Neg (x)
      y = If (c) <
        then_branch: graph = t () => (float[2] p) {
          p = If (c) <
            then_branch: graph = tt () => (float[2] pp) { pp = Relu (a) },
            else_branch: graph = te () => (float[2] pq) { pq = Relu (x) }
          >
        },
        else_branch: graph = e () => (float[2] q) { q = Relu (x) }
      >
    }`);
    const [a, y] = [...model.graph.nodes] as [Node, Node];
    model.graph.reorder([y, a]);
    expect(namesOf(topologicalOrder(model.graph))).toEqual(['a', 'y']);
    expect(namesOf(nodeDependencies(y)).sort()).toEqual(['a', 'c', 'x']);
    const then = y.attributes.get('then_branch');
    expect(namesOf(capturedValues(then!.value as Graph)).sort()).toEqual(['a', 'c', 'x']);
  });

  test('values of a Loop body are not captures, those it takes from outside are', () => {
    const model = modelOf(`g (float[2] x, float[2] t, int64 n, bool yes) => (float[2] y) {
      y = Loop (n, yes, x) <body: graph = body (int64 i, bool keep, float[2] carried) => (bool go, float[2] next) {
        go = Identity (keep)
        next = Add (carried, t)
      }>
    }`);
    const [loop] = model.graph.nodes;
    expect(namesOf(nodeDependencies(loop!)).sort()).toEqual(['n', 't', 'x', 'yes']);
  });
});

describe('cycles', () => {
  test('are found and told in order', () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) {
      a = Neg (x)
      b = Add (a, x)
      y = Relu (b)
    }`);
    expect(findCycle(model.graph)).toBeUndefined();
    named(model, 'a').producer!.setInput(0, named(model, 'y'));
    const cycle = findCycle(model.graph)!;
    expect(cycle[0]).toBe(cycle.at(-1));
    expect(new Set(namesOf(cycle))).toEqual(new Set(['a', 'b', 'y']));
    cycle.slice(1).forEach((before, i) => {
      expect(nodeDependencies(cycle[i]!)).toContain(before.output);
    });
    expect(() => topologicalOrder(model.graph)).toThrow(/cycle through/);
  });

  test('of a node that reads itself', () => {
    const model = modelOf('g (float[2] x) => (float[2] y) { y = Neg (x) }');
    named(model, 'y').producer!.setInput(0, named(model, 'y'));
    expect(findCycle(model.graph)).toHaveLength(2);
  });

  test('through a capture', () => {
    const model = modelOf(`g (float[2] x, bool c) => (float[2] y) {
      a = Neg (x)
      y = If (c) <
        then_branch: graph = t () => (float[2] p) { p = Relu (a) },
        else_branch: graph = e () => (float[2] q) { q = Relu (x) }
      >
    }`);
    named(model, 'a').producer!.setInput(0, named(model, 'y'));
    expect(findCycle(model.graph)).toBeDefined();
  });
});

test('depth is no problem: ten thousand nodes in a row, last first', () => {
  const graph = new Graph('deep');
  let value = graph.addInput('x');
  const nodes: Node[] = [];
  for (let i = 0; i < 10_000; i++) {
    const node = graph.addNode({ opType: 'Neg', inputs: [value] });
    nodes.push(node);
    value = node.output;
  }
  graph.reorder([...nodes].reverse());
  expect(topologicalOrder(graph)).toEqual(nodes);
});
