/** What depends on what in random graphs, beside the sets that plain unions give. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ancestry } from '../../../src/compiler/analysis/ancestry.js';
import { Graph } from '../../../src/model/ir/graph.js';
import type { Node } from '../../../src/model/ir/node.js';
import type { Value } from '../../../src/model/ir/value.js';

const picks = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 2, maxLength: 40 });

/** Every node reads two values before it and makes two; nearer ones are likelier where a pick says so. */
function build(cases: readonly (readonly [number, number, boolean])[]) {
  const graph = new Graph();
  const values: Value[] = [graph.addInput('x'), graph.addInput('z')];
  const above = new Map<Value, ReadonlySet<unknown>>(values.map((v) => [v, new Set([v])]));
  for (const [a, b, near] of cases) {
    const pick = (n: number) =>
      values[near ? values.length - 1 - (n % Math.min(4, values.length)) : n % values.length]!;
    const inputs = [pick(a), pick(b)];
    const node = graph.addNode({ opType: 'Op', inputs, outputs: ['a', 'b'] });
    for (const made of node.outputs) {
      above.set(made!, new Set([made, node, ...inputs.flatMap((v) => [...above.get(v)!])]));
      values.push(made!);
    }
  }
  graph.addOutput(values.at(-1)!);
  return { graph, values, above };
}

test('says what the unions of all that lies above say', () => {
  fc.assert(
    fc.property(picks, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (cases, marks) => {
      const { graph, values, above } = build(cases);
      const ancestry = new Ancestry(graph);
      const nodes = [...graph.nodes];
      const marked = new Set(nodes.filter((_, i) => marks[i]));
      const first = (holds: (node: Node) => boolean) =>
        ancestry.order.find((node) => marked.has(node) && holds(node));
      const firsts = ancestry.firstsAmong(marked);
      for (const value of values) {
        const all = above.get(value)!;
        for (const node of nodes) expect(ancestry.dependsOn(value, node)).toBe(all.has(node));
        expect(firsts(value)).toBe(first((node) => all.has(node)));
        for (const other of values) {
          expect(ancestry.follows(value, other)).toBe(all.has(other));
          const only = first((node) => all.has(node) && !above.get(other)!.has(node));
          expect(ancestry.firstOnly(value, other, marked)).toBe(only);
          expect(ancestry.hasOnly(value, other, marked)).toBe(only !== undefined);
        }
      }
    }),
    { numRuns: 30, seed: 4 },
  );
});
