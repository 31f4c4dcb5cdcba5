/**
 * Which nodes a value stands for, in random graphs, against what the words mean: sets that are made smaller until
 * nothing in them breaks the rule, with no thought for what that costs.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costsNothing } from '../../../src/compiler/lower/beside.js';
import { ownNodes } from '../../../src/compiler/lower/own-nodes.js';
import { reachNodes, regionsOf } from '../../../src/compiler/lower/region.js';
import { isHeavy } from '../../../src/model/cost/index.js';
import { Graph } from '../../../src/model/ir/graph.js';
import { Holders } from '../../../src/model/ir/holders.js';
import type { Node } from '../../../src/model/ir/node.js';
import { topologicalOrder } from '../../../src/model/ir/order.js';
import { float32Tensor } from '../../../src/model/ir/tensor.js';
import type { Value } from '../../../src/model/ir/value.js';

/** A graph of one or two inputs a node, a product now and then, and some nodes of two results. */
interface Drawn {
  readonly graph: Graph;
  readonly values: readonly Value[];
  /** The value of a number, whatever the number. */
  readonly pick: (n: number) => Value;
  /** The same of those that a node makes. */
  readonly pickMade: (n: number) => Value;
}

const OPERATORS = ['Add', 'Neg', 'MatMul', 'Split', 'Add', 'Neg'] as const;

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    nodes: fc.array(fc.tuple(fc.constantFrom(...OPERATORS), fc.nat(99), fc.nat(99)), {
      minLength: 3,
      maxLength: 14,
    }),
    outputs: fc.array(fc.nat(99), { minLength: 1, maxLength: 2 }),
  })
  .map(({ nodes, outputs }) => {
    const graph = new Graph('drawn');
    const values = [graph.addInput('x'), graph.addInput('s')];
    values.push(graph.addInitializer('w', float32Tensor([1])));
    // what came last, mostly, so that graphs are deep
    const recent = (n: number) => values[values.length - 1 - (n % Math.min(values.length, 6))]!;
    for (const [opType, a, b] of nodes) {
      const inputs = opType === 'Neg' || opType === 'Split' ? [recent(a)] : [recent(a), recent(b)];
      const names = opType === 'Split' ? ['v', 'v'] : ['v'];
      values.push(...(graph.addNode({ opType, inputs, outputs: names }).outputs as Value[]));
    }
    const made = values.slice(3);
    const pick = (n: number) => values[n % values.length]!;
    const pickMade = (n: number) => made[n % made.length]!;
    for (const n of [0, ...outputs])
      if (!pickMade(n).isGraphOutput) graph.addOutput(n === 0 ? made.at(-1)! : pickMade(n));
    return { graph, values, pick, pickMade };
  });

/** Nodes by what they make: whole graphs would be printed where two sets differ. */
const labels = (nodes: Iterable<Node>) => [...nodes].map((n) => n.outputs[0]!.name).sort();

const inputsOf = (node: Node) => node.inputs.filter((v) => v !== null);
const outputsOf = (node: Node) => node.outputs.filter((v) => v !== null);

/** All that is needed to have some values, one step at a time; `next` says what each value comes down to. */
function needed(from: readonly Value[], next: (value: Value) => readonly Value[]): Set<Value> {
  const found = new Set(from);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const value of [...found]) for (const other of next(value)) found.add(other);
  }
  return found;
}

const producers = (values: Iterable<Value>) =>
  new Set([...values].flatMap(({ producer }) => producer ?? []));
const read = ({ producer }: Value) => (producer ? inputsOf(producer) : []);
const numbers = fc.array(fc.nat(99), { minLength: 1, maxLength: 3 });

test('what is reached stops where it is told to', () => {
  fc.assert(
    fc.property(drawn, numbers, numbers, numbers, numbers, (d, from, given, known, within) => {
      const start = from.map(d.pick);
      const stops = new Set(given.map(d.pick));
      const others = new Map([[d.pick(known[0]!), d.pick(0)]]);
      const open = start.filter((v) => !stops.has(v));
      const plain = (v: Value) => read(v).filter((u) => !stops.has(u));
      expect(labels(reachNodes({ from: start, given: stops }))).toEqual(
        labels(producers(needed(open, plain))),
      );

      const more = (v: Value) => (v === d.pick(within[0]!) ? [d.pick(known[0]!)] : []);
      expect(labels(reachNodes({ from: start, alternatives: more }))).toEqual(
        labels(producers(needed(start, (v) => [...read(v), ...more(v)]))),
      );

      const instead = (v: Value) => {
        const other = others.get(v);
        return other && other !== v ? [other] : read(v);
      };
      const seen = [...needed(start, instead)].filter((v) => (others.get(v) ?? v) === v);
      expect(labels(reachNodes({ from: start, instead: others }))).toEqual(labels(producers(seen)));

      const wall = producers(known.map(d.pick));
      const behind = (v: Value) => (v.producer && wall.has(v.producer) ? [] : read(v));
      const before = [...producers(needed(start, behind))].filter((node) => !wall.has(node));
      expect(labels(reachNodes({ from: start, known: wall }))).toEqual(labels(before));

      const field = producers(needed(within.map(d.pick), read));
      const inField = (v: Value) => (v.producer && field.has(v.producer) ? read(v) : []);
      const inside = [...producers(needed(start, inField))].filter((node) => field.has(node));
      expect(labels(reachNodes({ from: start, within: field }))).toEqual(labels(inside));
    }),
    { numRuns: 300 },
  );
});

test('own nodes are the most of those needed whose results nobody else reads', () => {
  let some = 0;
  fc.assert(
    fc.property(
      drawn,
      numbers,
      numbers,
      numbers,
      fc.boolean(),
      (d, outputs, kept, roots, lives) => {
        const given = new Set(outputs.map(d.pickMade));
        const from = [...given, ...kept.map(d.pick)];
        const waiting = new Set(roots.slice(1).map(d.pickMade));
        const live = producers(needed([...d.graph.outputs, ...waiting], read));
        const own = producers(needed(from, read));
        const isFree = (value: Value) =>
          given.has(value) ||
          (!value.isGraphOutput &&
            !waiting.has(value) &&
            [...value.users].every((user) => own.has(user) || (lives && !live.has(user))));
        for (let before = -1; before !== own.size; ) {
          before = own.size;
          for (const node of [...own]) if (!outputsOf(node).every(isFree)) own.delete(node);
        }
        const holders = new Holders(d.graph);
        const found = ownNodes({
          from,
          given,
          isRoot: (value) => waiting.has(value),
          ...(lives && { isLive: (node: Node) => live.has(node) }),
          holderOf: holders.of,
        });
        some += own.size;
        expect(labels(found)).toEqual(labels(own));
      },
    ),
    { numRuns: 500 },
  );
  expect(some).toBeGreaterThan(500);
});

test('who else reads a weight is asked for no site, however many do', () => {
  const asked = (count: number) => {
    const graph = new Graph('sites of one weight');
    const x = graph.addInput('x');
    const weight = graph.addInitializer('w', float32Tensor([1]));
    const sites = Array.from({ length: count }, () => {
      const computed = graph.addNode({ opType: 'Mul', inputs: [x, weight] }).output;
      const instead = graph.addNode({ opType: 'Add', inputs: [x, weight] }).output;
      graph.addOutput(computed);
      return { computed, instead };
    });
    const alternatives = new Map(sites.map(({ computed, instead }) => [computed, [instead]]));
    const holders = new Holders(graph);
    let uses = 0;
    for (const { computed, instead } of sites) {
      const own = ownNodes({
        from: [computed, instead],
        given: new Set([computed]),
        isRoot: () => false,
        isAside: ({ opType }) => opType === 'Add',
        holderOf: (use) => {
          uses++;
          return holders.of(use);
        },
        alternatives: (value) => alternatives.get(value) ?? [],
      });
      expect(labels(own)).toEqual(labels(new Set([computed.producer!, instead.producer!])));
    }
    return uses;
  };
  expect(asked(40)).toBe(2 * asked(20));
});

test('the region of a strategy is what it needs and not all do', () => {
  fc.assert(
    fc.property(
      drawn,
      fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { minLength: 1, maxLength: 4 }),
      (d, rows) => {
        const output = d.pickMade(5);
        const own = new Set([...d.graph.nodes].filter((_, i) => i % 5 !== 0));
        const strategies = rows.map(([make, keep]) => ({
          makes: [d.pick(make)],
          keeps: [d.pick(keep)],
        }));
        const all = strategies.map(({ makes, keeps }) => {
          const goesOn = (v: Value) => {
            if (v === output && makes[0] !== output) return [makes[0]!];
            return v.producer && own.has(v.producer) ? read(v) : [];
          };
          const seen = needed([...makes, ...keeps], goesOn);
          if (makes[0] !== output) seen.delete(output);
          return new Set([...producers(seen)].filter((node) => own.has(node)));
        });
        const expected = all.map(
          (nodes) =>
            new Set(
              [...nodes].filter((node) => all.length === 1 || !all.every((n) => n.has(node))),
            ),
        );
        // a value made of the site's own would come to stand for itself
        const loops = strategies.some(
          ({ makes }) => makes[0] !== output && needed(makes, read).has(output),
        );
        if (!loops)
          expect(regionsOf([output], strategies, own).map(labels)).toEqual(expected.map(labels));
      },
    ),
    { numRuns: 400 },
  );
});

describe('a value costs nothing beside others', () => {
  test('where they take a product, and it no further one, nor an input that they do not read', () => {
    const answers = { true: 0, false: 0 };
    fc.assert(
      fc.property(drawn, fc.nat(99), numbers, (d, n, beside) => {
        const value = d.pickMade(n);
        const others = beside.map(d.pickMade);
        const theirs = producers(needed(others, read));
        const more = [...producers(needed([value], read))].filter((node) => !theirs.has(node));
        const reads = (nodes: Iterable<Node>) => new Set([...nodes].flatMap(inputsOf));
        const fed = [...reads(more)].filter((v) => v.isGraphInput);
        const isFree =
          others.includes(value) ||
          ([...theirs].some(isHeavy) &&
            !more.some(isHeavy) &&
            fed.every((v) => reads(theirs).has(v)));
        const place = new Map(topologicalOrder(d.graph).map((node, i) => [node, i]));
        answers[`${isFree}`]++;
        expect(costsNothing(value, others, place)).toBe(isFree);
      }),
      { numRuns: 600 },
    );
    expect(Math.min(answers.true, answers.false)).toBeGreaterThan(60);
  });
});
