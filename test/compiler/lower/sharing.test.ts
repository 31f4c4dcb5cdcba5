/**
 * What a call keeps for later ones, where the next call of the same kind need not: one model or branch serves both as
 * long as keeping costs no product. Every form gives what the definition gives, call by call.
 */
import { describe, expect, test } from 'vitest';
import type { LeafStrategy, PlainSite, SiteBuilder } from '../../../src/compiler/plan/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import { isOp } from '../../../src/model/ir/node.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, EMITS, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

type Pair = readonly [number, number];

/** One row times [[1, 2], [3, 4]]. */
const product = ([a, b]: Pair): Pair => [a + 3 * b, 2 * a + 4 * b];
const swapped = ([a, b]: Pair): Pair => [b, a];
const plus = (p: Pair, q: Pair, sign = 1): Pair => [p[0] + sign * q[0], p[1] + sign * q[1]];

/** What is kept of a value and of the input beside it, and how the value is made of that, twice each. */
interface Keeping {
  readonly name: string;
  readonly keep: (f: Pair, x: Pair, old: Pair) => Pair;
  readonly make: (kept: Pair, x: Pair) => Pair;
  readonly buildKeep: (b: SiteBuilder, f: Value, x: Value, w: Value) => Value;
  readonly buildMake: (b: SiteBuilder, kept: Value, x: Value, w: Value) => Value;
  /** Models of two programs that differ in what they keep, and Ifs between the branches of all programs. */
  readonly models: number;
  readonly ifs: number;
}

const add = (b: SiteBuilder, opType: string, ...inputs: Value[]) => b.add({ opType, inputs });

const KEEPINGS: readonly Keeping[] = [
  {
    name: 'the value itself',
    keep: (f) => f,
    make: (kept) => kept,
    buildKeep: (_, f) => f,
    buildMake: (_, kept) => kept,
    models: 1,
    ifs: 2,
  },
  {
    name: 'a difference, beside a product',
    keep: (f, x) => plus(f, x, -1),
    make: (kept, x) => plus(kept, x),
    buildKeep: (b, f, x) => add(b, 'Sub', f, x),
    buildMake: (b, kept, x) => add(b, 'Add', kept, x),
    models: 1,
    ifs: 2,
  },
  {
    name: 'a further product',
    keep: (f) => swapped(f),
    make: (kept) => swapped(kept),
    buildKeep: (b, f, _, w) => add(b, 'MatMul', f, w),
    buildMake: (b, kept, _, w) => add(b, 'MatMul', kept, w),
    models: 2,
    ifs: 3,
  },
  {
    name: 'a sum with what was kept before',
    keep: (f, _, old) => plus(f, old),
    make: (kept) => kept,
    buildKeep: (b, f) => add(b, 'Add', f, b.state('s.0')),
    buildMake: (_, kept) => kept,
    models: 2,
    ifs: 3,
  },
];

const modelWith = (operator: string) =>
  modelOf(`g (float[1, 2] x) => (float[1, 2] y)
  <float[2, 2] w = {1, 2, 3, 4}, float[2, 2] swap = {0, 1, 1, 0}> {
    f = ${operator}
    y = Sub (f, x)
  }`);

const ROWS = [['begin'], ['compute'], ['reuse'], ['reuse'], ['compute'], ['compute'], ['zero']];

function compile(keeping: Keeping, emit: (typeof EMITS)[number], operator = 'MatMul (x, w)') {
  const model = modelWith(operator);
  const [f, x, swap] = ['f', 'x', 'swap'].map((name) => named(model, name)) as [
    Value,
    Value,
    Value,
  ];
  const plain = { description: '', reads: [], writes: {} };
  const strategies: Record<string, LeafStrategy> = {
    begin: { ...plain, name: 'begin', writes: { 's.0': (b) => b.value(f) } },
    compute: {
      ...plain,
      name: 'compute',
      writes: { 's.0': (b) => keeping.buildKeep(b, b.value(f), b.value(x), b.value(swap)) },
    },
    reuse: {
      ...plain,
      name: 'reuse',
      reads: ['s.0'],
      produce: (b) => [keeping.buildMake(b, b.state('s.0'), b.value(x), b.value(swap))],
    },
    zero: { ...plain, name: 'zero', produce: (b) => [add(b, 'Sub', b.value(x), b.value(x))] },
  };
  const states = [{ id: 's.0', like: f }];
  const site: PlainSite = { id: 's', description: '', outputs: [f], states, strategies };
  return compileSites(model, [site], ROWS, emit);
}

/** x of call t is [t + 1, -t]. */
const inputOf = (call: number): Pair => [call + 1, -call];

function interpret({ keep, make }: Keeping): Pair[] {
  let kept: Pair = [Number.NaN, Number.NaN];
  return ROWS.map(([strategy], call) => {
    const x = inputOf(call);
    const computed = product(x);
    const f =
      strategy === 'reuse' ? make(kept, x) : strategy === 'zero' ? ([0, 0] as const) : computed;
    if (strategy === 'begin') kept = computed;
    if (strategy === 'compute') kept = keep(computed, x, kept);
    return plus(f, x, -1);
  });
}

/** Ifs, those inside others as well. */
const countIfs = (graph: Graph): number =>
  [...graph.nodes].reduce(
    (sum, node) =>
      sum + Number(isOp(node, 'If')) + subgraphs(node).reduce((n, inner) => n + countIfs(inner), 0),
    0,
  );

describe.each(KEEPINGS)('$name', (keeping) => {
  test.each(EMITS)('%s', async (emit) => {
    const session = await openSession(compile(keeping, emit));
    const results: Pair[] = [];
    for (const call of ROWS.keys()) {
      const { y } = await session.run({ x: new ort.Tensor('float32', [...inputOf(call)], [1, 2]) });
      results.push([...(y!.data as Float32Array)].map((v) => v + 0) as never);
    }
    await session.release();
    expect(results).toEqual(interpret(keeping).map((p) => p.map((v) => v + 0)));
  });

  test('takes so many models', () => {
    const { lowered, instrumented } = compile(keeping, 'split');
    const computing = instrumented.variants.filter(({ row }) => row[0] === 'compute');
    expect(computing.map(({ writes }) => writes.length).sort()).toEqual([0, 1]);
    const models = computing.map(({ name }) => lowered.programs.get(name)![0]!.model);
    expect(new Set(models).size).toBe(keeping.models);
    for (const { name, writes } of computing) {
      const { outputs } = lowered.models.get(lowered.programs.get(name)![0]!.model)!.graph;
      const names = outputs.map((v) => v.name);
      for (const output of Object.values(lowered.programs.get(name)![0]!.writes ?? {}))
        expect(names).toContain(output);
      expect(Object.keys(lowered.programs.get(name)![0]!.writes ?? {})).toEqual(writes);
    }
  });

  test('takes so many branches', () => {
    const { lowered } = compile(keeping, 'merged');
    // to compute, to reuse and to make zeros are three, and two Ifs
    expect(countIfs(lowered.models.get('merged')!.graph)).toBe(keeping.ifs);
  });
});

test.each([
  ['keeping the value itself is no work', 0, 1],
  ['keeping a difference is work that a call can leave out', 1, 2],
])('where no product is taken, %s', (_, keeping, count) => {
  const { lowered, instrumented } = compile(KEEPINGS[keeping]!, 'split', 'Neg (x)');
  const computing = instrumented.variants.filter(({ row }) => row[0] === 'compute');
  const models = computing.map(({ name }) => lowered.programs.get(name)![0]!.model);
  expect(computing).toHaveLength(2);
  expect(new Set(models).size).toBe(count);
});
