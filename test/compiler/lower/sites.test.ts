/**
 * Sites that no shipped pass makes yet: nested, side by side, of several values, kept as differences.
 * Each plan runs in every emit form against numbers worked out in plain TypeScript, and the models
 * are looked at for what each form promises.
 */
import { describe, expect, test } from 'vitest';
import type { Compilation } from '../../../src/compiler/pipeline/index.js';
import type { LeafStrategy, PlainSite } from '../../../src/compiler/plan/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import { isOp, type Node } from '../../../src/model/ir/node.js';
import { compileSites, EMITS, openSession, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

type Numbers = number[];

/** compute, reuse, zero and bypass (the value named by `from`) for any number of values. */
function siteOf(
  model: Model,
  id: string,
  outputs: string[],
  options: { from?: string; extra?: Record<string, LeafStrategy> } = {},
): PlainSite {
  const values = outputs.map((name) => named(model, name));
  const state = (k: number) => `${id}.${k}`;
  const plain = { description: '', reads: [], writes: {} };
  return {
    id,
    description: id,
    outputs: values,
    states: values.map((like, k) => ({ id: state(k), like })),
    strategies: {
      compute: {
        ...plain,
        name: 'compute',
        writes: Object.fromEntries(values.map((v, k) => [state(k), (b) => b.value(v)])),
      },
      reuse: {
        ...plain,
        name: 'reuse',
        reads: values.map((_, k) => state(k)),
        produce: (b) => values.map((_, k) => b.state(state(k))),
      },
      zero: {
        ...plain,
        name: 'zero',
        produce: (b) =>
          values.map(() =>
            b.add({
              opType: 'Sub',
              inputs: [b.value(named(model, 'x')), b.value(named(model, 'x'))],
            }),
          ),
      },
      bypass: {
        ...plain,
        name: 'bypass',
        produce: (b) => values.map(() => b.value(named(model, options.from ?? 'x'))),
      },
      ...options.extra,
    },
  };
}

/** x of call t is [t + 1, -2t]; results are those of the graph's outputs, call by call. */
const inputOf = (call: number): Numbers => [call + 1, -2 * call];

async function run(compilation: Compilation): Promise<Record<string, Numbers>[]> {
  const session = await openSession(compilation);
  const results: Record<string, Numbers>[] = [];
  for (let call = 0; call < compilation.plan.calls; call++) {
    const outputs = await session.run({ x: new ort.Tensor('float32', inputOf(call), [2]) });
    results.push(
      Object.fromEntries(
        Object.entries(outputs).map(([name, t]) => [
          name,
          // no negative zeros, which arithmetic on zeros makes
          Array.from(t.data as Float32Array, (v) => v + 0),
        ]),
      ),
    );
  }
  await session.release();
  return results;
}

async function expectAllForms(
  model: Model,
  sites: PlainSite[],
  rows: string[][],
  expected: Record<string, Numbers>[],
): Promise<void> {
  for (const emit of EMITS)
    expect(await run(compileSites(model, sites, rows, emit)), emit).toEqual(expected);
}

const map = (x: Numbers, f: (v: number, i: number) => number) => x.map((v, i) => f(v, i) + 0);

/** Ifs of a graph by how deep they lie. */
function ifDepths(graph: Graph, depth = 0): number[] {
  return [...graph.nodes].flatMap((node) => [
    ...(isOp(node, 'If') ? [depth] : []),
    ...subgraphs(node).flatMap((inner) => ifDepths(inner, depth + (isOp(node, 'If') ? 1 : 0))),
  ]);
}

/** Nodes of the source among all segments or graphs of the models, by name. */
function nodeNames(models: Iterable<Model>): string[] {
  const names: string[] = [];
  const visit = (node: Node) => {
    if (node.name && !node.name.startsWith('stepfold')) names.push(node.name);
    for (const inner of subgraphs(node)) for (const n of inner.nodes) visit(n);
  };
  for (const model of models) for (const node of model.graph.nodes) visit(node);
  return names.sort();
}

describe('nested sites', () => {
  const model =
    modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}, float[2] three = {3, 3}> {
    [outer1] a = Mul (x, two)
    [inner1] b = Add (a, three)
    [inner2] c = Mul (b, three)
    [outer2] d = Add (c, a)
    [tail] y = Sub (d, x)
  }`);
  const sites = [siteOf(model, 'outer', ['d']), siteOf(model, 'inner', ['c'])];
  const rows = [
    ['compute', 'compute'],
    ['compute', 'reuse'],
    ['reuse', 'reuse'],
    ['compute', 'zero'],
    ['reuse', 'compute'],
  ];

  test('every combination', async () => {
    const [x0, x1, x2, x3, x4] = [0, 1, 2, 3, 4].map(inputOf) as [
      Numbers,
      Numbers,
      Numbers,
      Numbers,
      Numbers,
    ];
    const c0 = map(x0, (v) => 3 * (2 * v + 3));
    const d1 = map(x1, (v, i) => c0[i]! + 2 * v);
    const d3 = map(x3, (v) => 2 * v);
    await expectAllForms(model, sites, rows, [
      { y: map(x0, (v, i) => c0[i]! + 2 * v - v) },
      { y: map(x1, (v, i) => d1[i]! - v) },
      { y: map(x2, (v, i) => d1[i]! - v) },
      { y: map(x3, (v, i) => d3[i]! - v) },
      { y: map(x4, (v, i) => d3[i]! - v) },
    ]);
  });

  test('merged puts the inner If into a branch of the outer one', () => {
    const { lowered } = compileSites(model, sites, rows, 'merged');
    const { graph } = lowered.models.get('merged')!;
    // three strategies of the inner site are two Ifs, one in the other
    expect(ifDepths(graph)).toEqual([0, 1, 2]);
    expect(
      namesOf([...graph.nodes].filter((n) => !n.name.startsWith('stepfold') && n.name)),
    ).toEqual(['y']);
    expect(namesOf(graph.initializers)).toEqual(['two', 'three']);
  });

  test('chain has every node in one segment, and runs none that a call does not need', () => {
    const { lowered } = compileSites(model, sites, rows, 'chain');
    expect(nodeNames(lowered.models.values())).toEqual([
      'inner1',
      'inner2',
      'outer1',
      'outer2',
      'tail',
    ]);
    const runs = (program: string) =>
      nodeNames(lowered.programs.get(program)!.map((r) => lowered.models.get(r.model)!));
    const { calls } = compileSites(model, sites, rows, 'chain').instrumented;
    expect(runs(calls[1]!)).toEqual(['outer1', 'outer2', 'tail']);
    expect(runs(calls[2]!)).toEqual(['tail']);
    expect(calls[4]).toBe(calls[2]);
  });
});

describe('sites side by side', () => {
  const model =
    modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}, float[2] three = {3, 3}> {
    [trunk] t = Add (x, two)
    [left] a = Mul (t, two)
    [right] b = Mul (t, three)
    [join] s = Add (a, b)
    [tail] y = Sub (s, t)
  }`);
  const sites = [siteOf(model, 'left', ['a']), siteOf(model, 'right', ['b'])];
  const rows = [
    ['compute', 'compute'],
    ['reuse', 'compute'],
    ['compute', 'reuse'],
    ['zero', 'zero'],
    ['reuse', 'reuse'],
  ];

  test('each with its own strategy', async () => {
    const t = [0, 1, 2, 3, 4].map((call) => map(inputOf(call), (v) => v + 2));
    const left = [2, 2, 2, 0, 2];
    const right = [3, 3, 3, 0, 3];
    const from = [
      [0, 0],
      [0, 1],
      [2, 1],
      [3, 3],
      [2, 1],
    ] as const;
    await expectAllForms(
      model,
      sites,
      rows,
      from.map(([l, r], call) => ({
        y: map(t[call]!, (v, i) => left[call]! * t[l]![i]! + right[call]! * t[r]![i]! - v),
      })),
    );
  });

  test('merged has two Ifs next to each other and the trunk outside', () => {
    const { graph } = compileSites(model, sites, rows, 'merged').lowered.models.get('merged')!;
    expect(ifDepths(graph).filter((d) => d === 0)).toHaveLength(2);
    expect([...graph.nodes].some((n) => n.name === 'trunk')).toBe(true);
    expect([...graph.nodes].some((n) => n.name === 'left')).toBe(false);
  });
});

describe('a difference kept in place of a value', () => {
  // F(x) = 3(x + 1); a later call takes its own x and what F added to x before
  const model =
    modelOf(`g (float[2] x) => (float[2] y) <float[2] one = {1, 1}, float[2] three = {3, 3}> {
    [before] u = Add (x, one)
    [block] f = Mul (u, three)
    [after] y = Add (f, x)
  }`);
  const delta = (from: string): PlainSite => {
    const site = siteOf(model, 'block', ['f']);
    return {
      ...site,
      strategies: {
        compute: {
          ...site.strategies.compute!,
          writes: {
            'block.0': (b) =>
              b.add({
                opType: 'Sub',
                inputs: [b.value(named(model, 'f')), b.value(named(model, from))],
                outputs: ['block.delta'],
              }),
          },
        },
        delta: {
          name: 'delta',
          description: 'input of this call plus what was added before',
          reads: ['block.0'],
          writes: {},
          produce: (b) => [
            b.add({ opType: 'Add', inputs: [b.value(named(model, from)), b.state('block.0')] }),
          ],
        },
      },
    };
  };

  test.each(['u', 'x'])('from %s', async (from) => {
    const rows = [['compute'], ['delta'], ['delta'], ['compute'], ['delta']];
    const full = (call: number) => map(inputOf(call), (v) => 3 * (v + 1));
    const source = (call: number) => map(inputOf(call), (v) => (from === 'u' ? v + 1 : v));
    const last = [0, 0, 0, 3, 3];
    await expectAllForms(
      model,
      [delta(from)],
      rows,
      last.map((f, call) => ({
        y: map(inputOf(call), (v, i) => source(call)[i]! + full(f)[i]! - source(f)[i]! + v),
      })),
    );
  });

  test('is computed only where a later call reads it', () => {
    const rows = [['compute'], ['compute'], ['delta'], ['compute']];
    const { lowered, instrumented } = compileSites(model, [delta('u')], rows, 'split');
    const subtracts = (call: number) =>
      lowered.programs
        .get(instrumented.calls[call]!)!
        .some((r) => [...lowered.models.get(r.model)!.graph.nodes].some((n) => isOp(n, 'Sub')));
    expect([0, 1, 2, 3].map(subtracts)).toEqual([false, true, false, false]);
  });
});

describe('a site of two values', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}> {
    [one] a = Mul (x, two)
    [two] b = Add (a, two)
    [three] c = Sub (b, x)
    [tail] y = Mul (a, c)
  }`);
  test('of which one is made from the other', async () => {
    const sites = [siteOf(model, 's', ['a', 'c'])];
    const full = (call: number) => map(inputOf(call), (v) => 2 * v * (2 * v + 2 - v));
    await expectAllForms(
      model,
      sites,
      [['compute'], ['reuse'], ['zero'], ['compute']],
      [{ y: full(0) }, { y: full(0) }, { y: [0, 0] }, { y: full(3) }],
    );
  });

  test('of which one is needed only inside a smaller site', async () => {
    const model =
      modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}, float[2] three = {3, 3}> {
      trunk1 = Mul (x, two)
      trunk2 = Add (trunk1, three)
      left = Neg (trunk2)
      right = Mul (trunk2, three)
      small = Add (left, two)
      y = Add (small, right)
    }`);
    const sites = [siteOf(model, 'small', ['small']), siteOf(model, 'pair', ['left', 'right'])];
    const trunk = (call: number) => map(inputOf(call), (v) => 2 * v + 3);
    const whole = map(trunk(0), (v) => -v + 2 + 3 * v);
    await expectAllForms(
      model,
      sites,
      [
        ['compute', 'compute'],
        ['compute', 'reuse'],
        ['reuse', 'compute'],
        ['reuse', 'zero'],
      ],
      [
        { y: whole },
        { y: whole },
        { y: map(trunk(2), (v, i) => -trunk(0)[i]! + 2 + 3 * v) },
        { y: map(trunk(0), (v) => -v + 2) },
      ],
    );
    // and where no state keeps the value outside of the smaller site
    await expectAllForms(
      model,
      sites,
      [
        ['compute', 'compute'],
        ['compute', 'zero'],
        ['zero', 'compute'],
      ],
      [{ y: whole }, { y: [2, 2] }, { y: map(trunk(2), (v) => 3 * v) }],
    );
  });

  test('of which nobody needs one: it is neither kept nor read', async () => {
    const unused = modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}> {
      a = Mul (x, two)
      b = Add (a, two)
      y = Neg (a)
    }`);
    const compile = (emit: (typeof EMITS)[number]) =>
      compileSites(unused, [siteOf(unused, 's', ['a', 'b'])], [['compute'], ['reuse']], emit);
    for (const emit of EMITS) {
      expect(Object.keys(scheduleOf(compile(emit)).states)).toEqual(['s.0']);
      expect(await run(compile(emit))).toEqual([{ y: [-2, 0] }, { y: [-2, 0] }]);
    }
  });

  test('that need each other by way of outside cannot leave one If together', async () => {
    const crossing = modelOf(`g (float[2] x) => (float[2] y, float[2] z) <float[2] two = {2, 2}> {
      [a] a = Mul (x, two)
      [z] z = Add (a, two)
      [c] c = Sub (z, x)
      [y] y = Add (c, a)
    }`);
    const sites = [siteOf(crossing, 's', ['a', 'c'])];
    const rows = [['compute'], ['reuse']];
    expect(() => compileSites(crossing, sites, rows, 'merged')).toThrow(
      expect.objectContaining({
        code: 'PLAN_NOT_MERGEABLE',
        message: expect.stringMatching(/site "s".*"z"/),
      }),
    );
    // x0 = [1, 0]: a = [2, 0], z = [4, 2], c = [3, 2]
    for (const emit of ['split', 'chain'] as const)
      expect(await run(compileSites(crossing, sites, rows, emit))).toEqual([
        { y: [5, 2], z: [4, 2] },
        { y: [5, 2], z: [4, 2] },
      ]);
  });
});

describe('values at the edge of the graph', () => {
  test('a site whose value is a graph output keeps its name', async () => {
    const model = modelOf(`g (float[2] x) => (float[2] f, float[2] y) <float[2] two = {2, 2}> {
      f = Mul (x, two)
      y = Add (f, x)
    }`);
    const rows = [['compute'], ['reuse'], ['zero'], ['bypass']];
    const f = [[2, 0], [2, 0], [0, 0], inputOf(3)];
    await expectAllForms(
      model,
      [siteOf(model, 's', ['f'])],
      rows,
      f.map((value, call) => ({ f: value, y: map(value, (v, i) => v + inputOf(call)[i]!) })),
    );
  });

  test('a state that is a graph input, read back in a later call', async () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}> {
      f = Mul (x, two)
      y = Add (f, x)
    }`);
    const site = siteOf(model, 's', ['f']);
    const keeps: PlainSite = {
      ...site,
      strategies: {
        compute: {
          ...site.strategies.compute!,
          writes: { 's.0': (b) => b.value(named(model, 'x')) },
        },
        reuse: site.strategies.reuse!,
      },
    };
    await expectAllForms(
      model,
      [keeps],
      [['compute'], ['reuse'], ['reuse']],
      [
        { y: map(inputOf(0), (v) => 3 * v) },
        { y: map(inputOf(1), (v, i) => v + inputOf(0)[i]!) },
        { y: map(inputOf(2), (v, i) => v + inputOf(0)[i]!) },
      ],
    );
  });

  test("consecutive sites, the second bypassed to the first's value", async () => {
    const model =
      modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}, float[2] three = {3, 3}> {
      a = Mul (x, two)
      b = Add (a, three)
      y = Sub (b, x)
    }`);
    const sites = [siteOf(model, 'first', ['a']), siteOf(model, 'second', ['b'], { from: 'a' })];
    const a0 = map(inputOf(0), (v) => 2 * v);
    // whichever of the two is listed first
    for (const order of [
      [0, 1],
      [1, 0],
    ])
      await expectAllForms(
        model,
        order.map((i) => sites[i]!),
        [
          ['compute', 'compute'],
          ['reuse', 'bypass'],
          ['compute', 'bypass'],
        ].map((row) => order.map((i) => row[i]!)),
        [
          { y: map(inputOf(0), (v) => 2 * v + 3 - v) },
          { y: map(inputOf(1), (v, i) => a0[i]! - v) },
          { y: map(inputOf(2), (v) => v) },
        ],
      );
  });

  test('an input with a default stays optional in a chain', async () => {
    const model = modelOf(`g (float[2] x, float[2] d) => (float[2] y) <float[2] d = {5, 7}> {
      a = Add (x, d)
      y = Mul (a, x)
    }`);
    const a0 = [6, 7];
    await expectAllForms(
      model,
      [siteOf(model, 's', ['a'])],
      [['compute'], ['reuse']],
      [{ y: map(inputOf(0), (v, i) => v * a0[i]!) }, { y: map(inputOf(1), (v, i) => v * a0[i]!) }],
    );
  });

  test('a state of unknown rank is refused by name, where one is kept', () => {
    const model = modelOf(`g (float[2] x, int64[r] target) => (float[2] y) {
      a = Reshape (x, target)
      y = Reshape (a, target)
    }`);
    compileSites(model, [siteOf(model, 's', ['a'])], [['compute'], ['bypass']], 'split');
    expect(() =>
      compileSites(model, [siteOf(model, 's', ['a'])], [['compute'], ['reuse']], 'split'),
    ).toThrow(
      expect.objectContaining({ code: 'PLAN_STATE_SHAPE', message: expect.stringMatching(/"a"/) }),
    );
  });
});

describe('control flow of the source', () => {
  /** y = (flag ? a + b : a) with a = 2x, b = a + 3; the If captures both. */
  const graph = (inner: string) => `g (float[2] x) => (float[2] y, float[2] z)
  <float[2] two = {2, 2}, float[2] three = {3, 3}, bool yes = {1}, float zero = {0}> {
    [a] a = Mul (x, two)
    [b] b = Add (a, three)
    [sum] total = ReduceSum <keepdims = 0> (x)
    [test] flag = Greater (total, zero)
    ${inner}
    [z] z = Neg (a)
  }`;
  const choose = `[choose] y = If (flag) <
      then_branch: graph = t () => (float[2] p) { [both] p = Add (a, b) },
      else_branch: graph = e () => (float[2] q) { [only] q = Identity (a) }
    >`;

  test('values of sites that an If captures', async () => {
    const model = modelOf(graph(choose));
    const sites = [siteOf(model, 'a', ['a']), siteOf(model, 'b', ['b'])];
    const rows = [
      ['compute', 'compute'],
      ['compute', 'reuse'],
      ['reuse', 'compute'],
      ['zero', 'reuse'],
    ];
    // the sum of x is 1 - call, so only call 0 takes the then-branch
    const a0 = map(inputOf(0), (v) => 2 * v);
    const a1 = map(inputOf(1), (v) => 2 * v);
    await expectAllForms(model, sites, rows, [
      { y: map(a0, (v) => v + v + 3), z: map(a0, (v) => -v) },
      { y: a1, z: map(a1, (v) => -v) },
      { y: a1, z: map(a1, (v) => -v) },
      { y: [0, 0], z: [0, 0] },
    ]);
  });

  test('a site that is an If, whose branches capture a value of another site', async () => {
    const model = modelOf(graph(`${choose.replace('] y =', '] m =')}\n[out] y = Add (m, x)`));
    const sites = [siteOf(model, 'if', ['m']), siteOf(model, 'a', ['a'])];
    const a0 = map(inputOf(0), (v) => 2 * v);
    const m0 = map(a0, (v) => v + v + 3);
    await expectAllForms(
      model,
      sites,
      [
        ['compute', 'compute'],
        ['reuse', 'compute'],
        ['compute', 'reuse'],
      ],
      [
        { y: map(inputOf(0), (v, i) => m0[i]! + v), z: map(a0, (v) => -v) },
        { y: map(inputOf(1), (v, i) => m0[i]! + v), z: map(inputOf(1), (v) => -2 * v) },
        {
          y: map(inputOf(2), (v, i) => 2 * inputOf(1)[i]! + v),
          z: map(inputOf(1), (v) => -2 * v),
        },
      ],
    );
  });
});

describe('merged', () => {
  test('a site of three strategies has one input, and its Ifs leave what they share outside', () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) <float[2] two = {2, 2}> {
      [shared] u = Add (x, two)
      [own] f = Mul (u, two)
      [after] y = Add (f, u)
    }`);
    const compilation = compileSites(
      model,
      [siteOf(model, 's', ['f'])],
      [['compute'], ['reuse'], ['zero']],
      'merged',
    );
    const { graph } = compilation.lowered.models.get('merged')!;
    expect(namesOf(graph.inputs)).toEqual(['x', 'stepfold.in.s.0', 'stepfold.strategy.s']);
    expect(
      [...graph.nodes].map((n) => n.name).filter((n) => n && !n.startsWith('stepfold')),
    ).toEqual(['shared', 'after']);
    const choices = compilation.instrumented.calls.map(
      (p) => compilation.lowered.programs.get(p)![0]!.constants!['stepfold.strategy.s']!.data[0],
    );
    expect(new Set(choices).size).toBe(3);
  });

  test('what depends on a size of a state is never told a wrong one', () => {
    const model = modelOf(`g (float[batch,2,h] x) => (float[batch,2,h] y) {
      f = Neg (x)
      y = Add (f, x)
    }`);
    const { lowered } = compileSites(
      model,
      [siteOf(model, 's', ['f'])],
      [['compute'], ['reuse']],
      'merged',
    );
    const { graph } = lowered.models.get('merged')!;
    const state = graph.inputs.find((v) => v.name === 'stepfold.in.s.0')!;
    // names that nothing else has: a placeholder may be of another size than what these stand for elsewhere
    const own = (name: string) => `stepfold.in.s.0.${name}`;
    expect(state.type).toMatchObject({ shape: [own('batch'), 2, own('h')] });
    expect(graph.find('stepfold.out.s.0')!.type).toMatchObject({ shape: [null, 2, null] });
  });
});

test('weights are copied by no form: chain has each once, merged outside of every If', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y)
  <float[2] w1 = {1, 2}, float[2] w2 = {3, 4}, float[2] w3 = {5, 6}> {
    a = Mul (x, w1)
    b = Mul (a, w2)
    y = Mul (b, w3)
  }`);
  const sites = [siteOf(model, 's', ['b'])];
  const rows = [['compute'], ['reuse']];
  const weights = (m: Model) =>
    namesOf(m.graph.initializers).filter((name) => name.startsWith('w'));
  const chain = compileSites(model, sites, rows, 'chain').lowered.models;
  expect([...chain.values()].flatMap(weights).sort()).toEqual(['w1', 'w2', 'w3']);
  const merged = compileSites(model, sites, rows, 'merged').lowered.models.get('merged')!;
  expect(weights(merged)).toEqual(['w1', 'w2', 'w3']);
  const inside = [...merged.graph.nodes].flatMap((n) => subgraphs(n));
  for (const graph of inside) expect(graph.initializers.size).toBe(0);
});
