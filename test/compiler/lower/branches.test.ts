/**
 * The branches of a merged graph: for every combination of strategies a call runs the nodes that its own model in
 * `split` holds, no more, and gives what the definition gives, whichever site is listed first.
 */
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/compiler/lower/index.js';
import type { Compilation } from '../../../src/compiler/pipeline/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import { isOp, type Node } from '../../../src/model/ir/node.js';
import { readNumbers } from '../../../src/model/ir/tensor.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, openSession, ort } from '../../helpers/compile.js';
import { namesOf } from '../../helpers/text.js';
import { type Case, interpret, modelFor, type Name, STRATEGIES, siteOf } from './small-graphs.js';

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

/** Every combination, behind a call that computes what may be reused. */
function rowsOf(choices: readonly (readonly Name[])[]): Name[][] {
  let rows: Name[][] = [[]];
  for (const names of choices) rows = names.flatMap((name) => rows.map((row) => [...row, name]));
  return rows;
}

/** All of few sites, some of more; and the first one never computed, or the same in every call. */
function plansOf(sites: number): Name[][][] {
  const some = STRATEGIES.slice(0, sites > 2 ? 3 : 6);
  const others = Array<readonly Name[]>(sites - 1).fill(some);
  return [some, ['zero', 'bypass'], ['bypass']].map((first) =>
    rowsOf([first as readonly Name[], ...others]),
  );
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
  const model = modelFor(test_);
  const all = orders(Object.keys(test_.sites));

  test.each(all.map((ids) => [ids.join(), ids] as const))('holds the least, %s', (_, ids) => {
    const sites = ids.map((id) => siteOf(model, test_, id));
    const rows = rowsOf(ids.map(() => ['compute', 'reuse', 'zero']));
    const [merged, split] = (['merged', 'split'] as const).map((emit) =>
      compileSites(model, sites, rows, emit),
    ) as [Compilation, Compilation];
    expectLeastWork(merged, split, test_.spare ?? []);
  });

  test.each(plansOf(all[0]!.length))('gives what the definition gives, %#', async (...rows) => {
    // whichever site is listed first
    const ids = rows[0]![0] === 'compute' ? all[0]! : all.at(-1)!;
    const sites = ids.map((id) => siteOf(model, test_, id));
    const merged = compileSites(model, sites, rows, 'merged');
    const feeds = rows.map((_, call) => ((call * 7) % 31) + 2);
    const session = await openSession(merged);
    const results: number[][] = [];
    for (const x of feeds) {
      const outputs = await session.run({ x: new ort.Tensor('float32', [x], [1]) });
      results.push(test_.outputs.map((name) => (outputs[name]!.data[0] as number) + 0));
    }
    await session.release();
    const expected = interpret(test_, ids, rows, feeds);
    expect(results).toEqual(expected.map((row) => row.map((n) => n + 0)));
  });
});

/** Is each input given, and nothing that is none, and does each output that is kept exist? */
function expectWhole({ model, ...rest }: Run, graph: Graph): void {
  for (const record of Object.values(rest)) expect(record).not.toEqual({});
  const { constants, reads, unused, writes } = rest;
  const given = [constants, reads, unused].flatMap((record) => Object.keys(record ?? {}));
  const inputs = namesOf(graph.inputs).filter((name) => name !== 'x');
  expect([...given].sort(), model).toEqual([...inputs].sort());
  expect(namesOf(graph.outputs)).toEqual(expect.arrayContaining(Object.values(writes ?? {})));
}

/** Every call runs what its own model holds, and is told and given what the merged model asks for. */
function expectLeastWork(merged: Compilation, split: Compilation, spare: readonly string[]): void {
  const { graph } = merged.lowered.models.get('merged')!;
  const wanted = (names: string[]) => names.filter((name) => !spare.includes(name));
  for (const call of merged.plan.rows.keys()) {
    const own = split.lowered.programs.get(split.instrumented.calls[call]!)![0]!;
    const run = merged.lowered.programs.get(merged.instrumented.calls[call]!)![0]!;
    const found = executed(graph, run);
    const least = executed(split.lowered.models.get(own.model)!.graph, own);
    expect(wanted(found), `${merged.plan.rows[call]}`).toEqual(wanted(least));
    for (const name of least) expect(found).toContain(name);

    expectWhole(run, graph);
    expectWhole(own, split.lowered.models.get(own.model)!.graph);
  }
  // what stood in for a value while it was not chosen yet serves no more
  for (const { graph } of split.lowered.models.values())
    for (const node of graph.nodes)
      if (isOp(node, 'Identity')) expect(node.output.isGraphOutput).toBe(true);
  const states = namesOf(graph.outputs).filter((name) => name.startsWith('stepfold'));
  expect(states).toEqual([...states].sort());
}

test('alternatives are numbered as the site lists its strategies, whatever call comes first', () => {
  const test_ = CASES[0]!;
  const model = modelFor(test_);
  const rows = (['compute', 'zero', 'bypass', 'reuse'] as const).map((name) => [name]);
  const { lowered, instrumented } = compileSites(
    model,
    [siteOf(model, test_, 's')],
    rows,
    'merged',
  );
  const told = instrumented.calls.map(
    (name) => lowered.programs.get(name)![0]!.constants!['stepfold.strategy.s']!.data[0],
  );
  expect(told).toEqual([0, 2, 3, 1]);
  const branches = (graph: Graph): string[] =>
    [...graph.nodes].flatMap((node) => subgraphs(node).flatMap((g) => [g.name, ...branches(g)]));
  expect(branches(lowered.models.get('merged')!.graph)).toEqual([
    's.0',
    's.else',
    's.1',
    's.else',
    's.2',
    's.3',
  ]);
});
