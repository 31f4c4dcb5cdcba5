/**
 * Sites with parts, as an attention module has them: half of the rows in, a core with alternatives,
 * rows doubled behind it, an output that can be kept, two parts on one value, and a neighbour that
 * reads the module's input for itself. Random plans run in every emit form against an interpreter.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CompositeSite,
  compositeOf,
  type LeafStrategy,
  type PlainSite,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import { isOp, type Node } from '../../../src/model/ir/node.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, EMITS, encodeLowered, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const LAYERS = 2;
const STRATEGIES = ['compute', 'narrow', 'share', 'narrow+share', 'reuse'] as const;
type Name = (typeof STRATEGIES)[number];

/** Two layers of: a = -x; m = a * a; p = 3 m; y = p + x + |a|, where |a| is no part of the module. */
const model = () =>
  modelOf(`g (float[N] x) => (float[N] y1)
  <float three = {3}, int64[1] zero = {0}, int64[1] one = {1}, float half = {0.5}> {
    a0 = Neg (x)
    m0 = Mul (a0, a0)
    p0 = Mul (m0, three)
    b0 = Abs (a0)
    s0 = Add (p0, x)
    y0 = Add (s0, b0)
    a1 = Neg (y0)
    m1 = Mul (a1, a1)
    p1 = Mul (m1, three)
    b1 = Abs (a1)
    s1 = Add (p1, y0)
    y1 = Add (s1, b1)
  }`);

function siteOf(source: ReturnType<typeof model>, layer: number): CompositeSite {
  const value = (name: string) => named(source, `${name}${layer}`);
  const [a, m, p] = [value('a'), value('m'), value('p')];
  const id = `site.${layer}`;
  const strategies = (...list: [string, Partial<LeafStrategy>][]) =>
    strategiesByName(list.map(([name, rest]) => strategyOf(name, '', rest)));
  const half = (b: SiteBuilder, v: Value) =>
    b.add({
      opType: 'Slice',
      inputs: [v, b.value(named(source, 'zero')), b.value(named(source, 'one'))],
    });
  const twice = (b: SiteBuilder, v: Value) =>
    b.add({ opType: 'Concat', inputs: [v, v], attributes: { axis: { type: 'int', value: 0n } } });
  const rest = `${id}.rest`;
  const kept = `${id}.kept`;
  /** The narrow core is half of a; what it lacks of the full one is kept. */
  const narrow = (b: SiteBuilder) =>
    b.add({ opType: 'Mul', inputs: [b.value(a), b.value(named(source, 'half'))] });
  const lacking = (b: SiteBuilder) => b.add({ opType: 'Sub', inputs: [b.value(m), narrow(b)] });
  const plus = (b: SiteBuilder, v: Value) => [b.add({ opType: 'Add', inputs: [narrow(b), v] })];
  const part = (name: string, outputs: Value[], list: Record<string, LeafStrategy>): PlainSite => ({
    id: `${id}.${name}`,
    description: '',
    outputs,
    states: [],
    strategies: list,
  });
  const parts: PlainSite[] = [
    {
      // the module reads a; so does Abs, which must go on to see all of it
      ...part(
        'rows',
        [a],
        strategies(['compute', {}], ['half', { produce: (b) => [half(b, b.value(a))] }]),
      ),
      within: new Set([m.producer as Node]),
    },
    {
      ...part(
        'core',
        [m],
        strategies(
          ['compute', { writes: { [rest]: lacking } }],
          ['compute-half', { writes: { [rest]: (b) => twice(b, lacking(b)) } }],
          ['narrow', { reads: [rest], produce: (b) => plus(b, b.state(rest)) }],
          ['narrow-half', { reads: [rest], produce: (b) => plus(b, half(b, b.state(rest))) }],
        ),
      ),
      states: [{ id: rest, like: m }],
    },
    part(
      'copy',
      [p],
      strategies(['compute', {}], ['copy', { produce: (b) => [twice(b, b.value(p))] }]),
    ),
    {
      ...part(
        'output',
        [p],
        strategies(
          ['compute', { writes: { [kept]: (b) => b.value(p) } }],
          ['reuse', { reads: [kept], produce: (b) => [b.state(kept)] }],
        ),
      ),
      states: [{ id: kept, like: p }],
    },
  ];
  const choices: Record<Name, Record<string, string>> = {
    compute: {},
    narrow: { [`${id}.core`]: 'narrow' },
    share: { [`${id}.rows`]: 'half', [`${id}.core`]: 'compute-half', [`${id}.copy`]: 'copy' },
    'narrow+share': {
      [`${id}.rows`]: 'half',
      [`${id}.core`]: 'narrow-half',
      [`${id}.copy`]: 'copy',
    },
    reuse: { [`${id}.output`]: 'reuse' },
  };
  return {
    id,
    description: '',
    outputs: [p],
    parts,
    strategies: strategiesByName(
      STRATEGIES.map((name) => compositeOf(name, '', () => choices[name])),
    ),
  };
}

/** The definition, in numbers: rows of a pair, x of call t is [t + 1, t - 4]. */
const feed = (call: number) => [call + 1, call - 4];

function interpret(rows: readonly Name[][]): number[][] | undefined {
  const rest: number[][] = [];
  const kept: number[][] = [];
  const results: number[][] = [];
  for (const [call, row] of rows.entries()) {
    let y = feed(call);
    for (const [layer, name] of row.entries()) {
      const a = y.map((v) => -v);
      const share = name.endsWith('share');
      if (name.startsWith('narrow') && !rest[layer]) return undefined;
      if (name === 'reuse' && !kept[layer]) return undefined;
      const lacks = a.map((v) => v * v - v / 2);
      const own = a.map((v, i) => (name.startsWith('narrow') ? v / 2 + rest[layer]![i]! : v * v));
      const chosen = share ? [own[0]!, own[0]!] : own;
      const p = name === 'reuse' ? kept[layer]! : chosen.map((v) => 3 * v);
      if (name !== 'reuse') kept[layer] = p;
      if (name === 'compute') rest[layer] = lacks;
      if (name === 'share') rest[layer] = [lacks[0]!, lacks[0]!];
      y = p.map((v, i) => v + y[i]! + Math.abs(a[i]!));
    }
    results.push(y);
  }
  return results;
}

function compile(rows: readonly Name[][], emit: (typeof EMITS)[number]) {
  const source = model();
  const sites = Array.from({ length: LAYERS }, (_, layer) => siteOf(source, layer));
  return compileSites(source, sites, rows, emit);
}

describe.each(EMITS)('%s', (emit) => {
  test('random plans give what the definition gives', async () => {
    const row = fc.array(fc.constantFrom(...STRATEGIES), { minLength: LAYERS, maxLength: LAYERS });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (later) => {
        const rows: Name[][] = [Array<Name>(LAYERS).fill('compute'), ...later];
        const expected = interpret(rows);
        const session = await openSession(compile(rows, emit));
        const results: number[][] = [];
        for (const call of rows.keys()) {
          const { y1 } = await session.run({ x: new ort.Tensor('float32', feed(call), [2]) });
          results.push([...((y1 as ort.Tensor).data as Float32Array)]);
        }
        await session.release();
        const close = (x: number, y: number) => Math.abs(x - y) <= 1e-5 * Math.max(1, Math.abs(y));
        for (const [call, numbers] of expected!.entries())
          for (const [i, number] of numbers.entries())
            expect(
              close(results[call]![i]!, number),
              `call ${call}: ${results[call]} for ${numbers}`,
            ).toBe(true);
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});

describe('merged', () => {
  const rows: Name[][] = [
    ['compute', 'compute'],
    ['narrow', 'share'],
    ['narrow+share', 'reuse'],
    ['compute', 'narrow'],
    ['reuse', 'narrow+share'],
  ];

  function* allNodes(graph: Graph): Generator<Node> {
    for (const node of graph.nodes) {
      yield node;
      for (const inner of subgraphs(node)) yield* allNodes(inner);
    }
  }

  test('one strategy input per site, and every projection once', () => {
    const { lowered } = compile(rows, 'merged');
    const merged = lowered.models.get('merged')!;
    const chosen = merged.graph.inputs.map((v) => v.name).filter((n) => n.includes('strategy'));
    expect(chosen.sort()).toEqual(['stepfold.strategy.site.0', 'stepfold.strategy.site.1']);
    const byThree = [...allNodes(merged.graph)].filter(
      (node) => isOp(node, 'Mul') && node.inputs.some((v) => v?.name === 'three'),
    );
    expect(byThree).toHaveLength(LAYERS);
    encodeLowered(compile(rows, 'merged'));
  });

  test('a full call that no narrow one follows computes no rest', () => {
    const { instrumented } = compile(
      [
        ['compute', 'compute'],
        ['narrow', 'reuse'],
        ['compute', 'compute'],
        ['reuse', 'reuse'],
      ],
      'merged',
    );
    const writes = instrumented.calls.map(
      (name) => instrumented.variants.find((p) => p.name === name)!.writes,
    );
    expect(writes).toEqual([
      ['site.0.rest', 'site.1.kept'],
      [],
      ['site.0.kept', 'site.1.kept'],
      [],
    ]);
  });
});

test('a read before any write names the site, not its part', () => {
  expect(() =>
    compile(
      [
        ['compute', 'share'],
        ['compute', 'reuse'],
      ],
      'split',
    ),
  ).not.toThrow();
  expect(() => compile([['reuse', 'compute']], 'split')).toThrowError(/"site\.0".*reuse/);
});
