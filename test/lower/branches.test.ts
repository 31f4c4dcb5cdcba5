/**
 * The branches of a merged graph: for every combination of strategies a call runs the nodes that its own model in
 * `split` holds, no more, and gives what the definition gives, whichever site is listed first.
 */
import { describe, expect, test } from 'vitest';
import { subgraphs } from '../../src/ir/attribute.js';
import { constantTensor } from '../../src/ir/constants.js';
import type { Graph } from '../../src/ir/graph.js';
import { isOp, type Node } from '../../src/ir/node.js';
import { readNumbers } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import type { Run } from '../../src/lower/index.js';
import type { Site, Strategy } from '../../src/plan/index.js';
import { compileSites, openSession, ort } from '../helpers/compile.js';
import { modelOf, named } from '../helpers/text.js';

/** Names and what they are made of: `-a`, `a + b`, `a - b`; in order, the last ones given out. */
interface Case {
  readonly name: string;
  readonly nodes: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** The values of each site. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
  /** Nodes that several sites need, or a site for a value that one call does not: they may run for nothing. */
  readonly spare?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'one site',
    nodes: { u: '-x', f: 'u + x', v: '-u', y: 'f - v' },
    outputs: ['y'],
    sites: { s: ['f'] },
  },
  {
    name: 'one in another',
    nodes: { a: '-x', b: 'a + x', c: 'b - a', d: 'c + a', y: 'd - x' },
    outputs: ['y'],
    sites: { outer: ['d'], inner: ['c'] },
  },
  {
    name: 'one behind another',
    nodes: { a: '-x', b: 'a + x', c: '-b', y: 'c + x' },
    outputs: ['y'],
    sites: { first: ['a'], second: ['c'] },
  },
  {
    name: 'one right behind another',
    nodes: { a: '-x', b: '-a', y: 'b + x' },
    outputs: ['y'],
    sites: { first: ['a'], second: ['b'] },
  },
  {
    name: 'side by side, on what both need',
    nodes: { u: '-x', a: 'u + x', b: 'u - x', y: 'a + b' },
    outputs: ['y'],
    sites: { left: ['a'], right: ['b'] },
    spare: ['u'],
  },
  {
    name: 'two in one',
    nodes: { u: '-x', a: 'u + x', b: 'a - x', v: '-b', w: 'v + a', y: 'w - x' },
    outputs: ['y'],
    sites: { left: ['a'], right: ['b'], whole: ['w'] },
  },
  {
    name: 'one in one in one',
    nodes: { a: '-x', b: '-a', c: '-b', d: 'c + b', e: 'd + a', y: 'e - x' },
    outputs: ['y'],
    sites: { inmost: ['c'], inner: ['d'], outer: ['e'] },
  },
  {
    name: 'of two values, one made of the other',
    nodes: { u: '-x', a: 'u + x', b: 'a - u', y: 'b + a' },
    outputs: ['y'],
    sites: { s: ['a', 'b'] },
  },
  {
    name: 'of two values, beside one of one',
    nodes: { u: '-x', a: 'u + x', b: 'u - x', c: '-b', y: 'a + c' },
    outputs: ['y'],
    sites: { pair: ['a', 'b'], other: ['c'] },
    spare: ['b'],
  },
  {
    name: 'whose value is given out',
    nodes: { a: '-x', f: 'a + x', y: 'f - a' },
    outputs: ['y', 'f'],
    sites: { s: ['f'], t: ['a'] },
  },
];

const OPERATORS: Record<string, [string, (a: number, b: number) => number]> = {
  '+': ['Add', (a, b) => a + b],
  '-': ['Sub', (a, b) => a - b],
};
const STRATEGIES = ['compute', 'reuse', 'zero'] as const;

/** What a node reads, and how it is done. */
function parsed(text: string): {
  op: string;
  reads: string[];
  apply: (...numbers: number[]) => number;
} {
  if (text.startsWith('-')) return { op: 'Neg', reads: [text.slice(1)], apply: (a) => -a! };
  const [left, sign, right] = text.split(' ') as [string, string, string];
  const [op, apply] = OPERATORS[sign]!;
  return { op, reads: [left, right], apply: (a, b) => apply(a!, b!) };
}

function siteOf(model: ReturnType<typeof modelOf>, id: string, values: readonly string[]): Site {
  const outputs = values.map((name) => named(model, name));
  const plain = { description: '', reads: [], writes: {} };
  const state = (k: number) => `${id}.${k}`;
  const strategies: Record<string, Strategy> = {
    compute: {
      ...plain,
      name: 'compute',
      writes: Object.fromEntries(outputs.map((v, k) => [state(k), (b) => b.value(v)])),
    },
    reuse: {
      ...plain,
      name: 'reuse',
      reads: outputs.map((_, k) => state(k)),
      produce: (b) => outputs.map((_, k) => b.state(state(k))),
    },
    zero: {
      ...plain,
      name: 'zero',
      produce: (b) => {
        const x = b.value(named(model, 'x'));
        return outputs.map(() => b.add({ opType: 'Sub', inputs: [x, x] }));
      },
    },
  };
  return {
    id,
    description: '',
    outputs,
    states: outputs.map((like, k) => ({ id: state(k), like })),
    strategies,
  };
}

/** Every combination, behind a call that computes all. */
function rowsOf(sites: number): string[][] {
  let rows: string[][] = [[]];
  for (let s = 0; s < sites; s++)
    rows = STRATEGIES.flatMap((name) => rows.map((row) => [...row, name]));
  return rows;
}

function interpret(
  { nodes, outputs, sites }: Case,
  ids: readonly string[],
  rows: string[][],
  feeds: number[],
) {
  const kept = new Map<string, number>();
  return rows.map((row, call) => {
    const values = new Map([['x', feeds[call]!]]);
    const later = new Map<string, number>();
    const computed = (name: string): number => {
      const { reads, apply } = parsed(nodes[name]!);
      return apply(...reads.map(value));
    };
    const value = (name: string): number => {
      const known = values.get(name);
      if (known !== undefined) return known;
      const s = ids.findIndex((id) => sites[id]!.includes(name));
      const strategy = row[s] ?? 'compute';
      const made =
        strategy === 'compute' ? computed(name) : strategy === 'zero' ? 0 : kept.get(name)!;
      values.set(name, made);
      // a site is computed as a whole once a value of it is needed
      if (s >= 0 && strategy === 'compute')
        for (const other of sites[ids[s]!]!) later.set(other, value(other));
      return made;
    };
    const results = outputs.map(value);
    for (const [name, number] of later) kept.set(name, number);
    return results;
  });
}

/** Names of the source's nodes that are run, in the branches that a run takes. */
function executed(graph: Graph, { constants }: Run): string[] {
  const numberOf = (value: Value | null): number => {
    const tensor = constantTensor(value);
    if (tensor) return readNumbers(tensor)[0]!;
    return constants![value!.name]!.data[0] as number;
  };
  const visit = (inner: Graph): string[] =>
    [...inner.nodes].flatMap((node: Node): string[] => {
      if (!isOp(node, 'If')) return node.name ? [node.name] : [];
      const [choice, index] = node.inputs[0]!.producer!.inputs as [Value, Value];
      const [then, otherwise] = ['then_branch', 'else_branch'].map((name) => {
        const attribute = node.attributes.get(name);
        return subgraphs(node).find((g) => attribute?.type === 'graph' && g === attribute.value)!;
      }) as [Graph, Graph];
      return visit(numberOf(choice) === numberOf(index) ? then : otherwise);
    });
  return visit(graph).sort();
}

const orders = (ids: string[]): string[][] =>
  ids.length < 2
    ? [ids]
    : ids.flatMap((id) => orders(ids.filter((other) => other !== id)).map((rest) => [id, ...rest]));

describe.each(CASES)('$name', (test_) => {
  const model = modelOf(`g (float[1] x) => (${test_.outputs}) {
    ${Object.entries(test_.nodes)
      .map(([name, text]) => `[${name}] ${name} = ${parsed(text).op} (${parsed(text).reads})`)
      .join('\n')}
  }`);
  const all = orders(Object.keys(test_.sites));

  test.each(all.map((ids) => [ids.join(), ids] as const))('listed as %s', async (_, ids) => {
    const rows = rowsOf(ids.length);
    const sites = ids.map((id) => siteOf(model, id, test_.sites[id]!));
    const merged = compileSites(model, sites, rows, 'merged');
    const split = compileSites(model, sites, rows, 'split');

    for (const [call, row] of rows.entries()) {
      const own = split.lowered.programs.get(split.instrumented.calls[call]!)![0]!;
      const { graph } = split.lowered.models.get(own.model)!;
      const run = merged.lowered.programs.get(merged.instrumented.calls[call]!)![0]!;
      const wanted = (names: string[]) => names.filter((name) => !test_.spare?.includes(name));
      const found = executed(merged.lowered.models.get('merged')!.graph, run);
      const least = executed(graph, own);
      expect(wanted(found), `${row}`).toEqual(wanted(least));
      for (const name of least) expect(found).toContain(name);
    }

    const feeds = rows.map((_, call) => 2 ** (call % 20) + 3 * call);
    const session = await openSession(merged);
    const results: number[][] = [];
    for (const x of feeds) {
      const outputs = await session.run({ x: new ort.Tensor('float32', [x], [1]) });
      results.push(test_.outputs.map((name) => outputs[name]!.data[0] as number));
    }
    await session.release();
    const clean = (numbers: number[][]) => numbers.map((each) => each.map((n) => n + 0));
    expect(clean(results)).toEqual(clean(interpret(test_, ids, rows, feeds)));
  });
});
