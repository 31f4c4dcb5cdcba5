/** Dominance against its definition: what a walk from the outputs that stops at a value does not reach. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exclusiveCosts, regionCost } from '../../../src/model/cost/index.js';
import { Dominance } from '../../../src/model/ir/dominance.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import { liveNodes } from '../../../src/model/ir/prune.js';
import type { Value } from '../../../src/model/ir/value.js';
import { modelOf } from '../../helpers/text.js';

/** Sums of random earlier values; some nodes have two outputs, some are dead. */
const graphs = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 30 })
  .chain((nodes) => fc.tuple(fc.constant(nodes), fc.nat(), fc.nat()))
  .map(([nodes, first, second]) => {
    const made = ['x', 'w'];
    const body = nodes.map(([a, b, twice], i) => {
      const [left, right] = [made[a % made.length], made[b % made.length]];
      if (twice) {
        made.push(`v${i}a`, `v${i}b`);
        return `v${i}a, v${i}b = Split <axis = 0> (${left})`;
      }
      made.push(`v${i}`);
      return `v${i} = MatMul (${left}, ${right})`;
    });
    const outputs = [first, second].map((n) => made[2 + (n % (made.length - 2))]);
    const graph = modelOf(
      `g (float[2,2] x) => (${[...new Set(outputs)].map((o) => `float y_${o}`).join(', ')})
       < float[2,2] w = {1, 2, 3, 4} > {
        ${body.join('\n')}
        ${[...new Set(outputs)].map((o) => `y_${o} = Identity (${o})`).join('\n')}
      }`,
    ).graph;
    return graph;
  });

const valuesOf = (graph: Graph): Value[] => [...graph.values()];

describe('a node is only for a value', () => {
  test('exactly when no output needs it without the value', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const dominance = new Dominance(graph);
        const all = liveNodes(graph.outputs);
        for (const node of graph.nodes) expect(dominance.isNeeded(node)).toBe(all.has(node));
        for (const value of valuesOf(graph)) {
          if (!dominance.isNeeded(value)) continue;
          const rest = liveNodes(graph.outputs, (v) => v === value);
          for (const node of graph.nodes)
            expect(dominance.isOnlyFor(node, value)).toBe(!rest.has(node));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('and what falls away with the value is what those nodes cost', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const shapeOf = () => [2, 2];
        const exclusive = exclusiveCosts(new Dominance(graph), shapeOf);
        const all = regionCost(liveNodes(graph.outputs), shapeOf);
        expect(exclusive()).toEqual({ macs: all.macs, parameters: all.parameters });
        for (const value of valuesOf(graph)) {
          if (value.producer === undefined) continue;
          const rest = regionCost(
            liveNodes(graph.outputs, (v) => v === value),
            shapeOf,
          );
          const { macs, parameters } = exclusive(value);
          expect(all.macs.all - macs.all).toBe(rest.macs.all);
          expect(all.parameters - parameters).toBe(rest.parameters);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test('a chain of a hundred thousand nodes with a value that all of them read costs one walk', () => {
  const count = 100_000;
  const { graph } = modelOf('g (float[1] x) => (float[1] y) { h0 = Relu (x) y = Relu (h0) }');
  let value = graph.outputs[0]!;
  for (let i = 0; i < count; i++)
    value = graph.addNode({
      opType: 'Add',
      inputs: [value, graph.inputs[0]!],
      outputs: [`n${i}`],
    }).output;
  graph.addOutput(value);
  const dominance = new Dominance(graph);
  expect(dominance.isOnlyFor(graph.inputs[0]!, value)).toBe(false);
  expect(dominance.sums(() => 1)(value)).toBeGreaterThan(count);
});
