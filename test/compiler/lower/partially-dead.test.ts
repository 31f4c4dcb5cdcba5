/**
 * What only some calls need, and no site's If holds since several sites read it: no call of a merged model runs it in vain,
 * so that its programs cost what those of models of their own do, and states of what was not run are handed on.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { programMacs } from '../../../src/compiler/emit/program-macs.js';
import { statefulOf } from '../../../src/compiler/emit/stateful.js';
import type { Compilation } from '../../../src/compiler/pipeline/index.js';
import { COMPUTE } from '../../../src/compiler/plan/index.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import {
  compileSites,
  type EMITS,
  EXACT,
  encodeLowered,
  openSession,
  ort,
} from '../../helpers/compile.js';
import { FedBack } from '../../helpers/fed-back.js';
import { keptSite, REUSE } from '../../helpers/kept-site.js';
import { modelOf } from '../../helpers/text.js';

/** A stream that goes on beside two products that read it. */
const STREAM = () =>
  modelOf(`g (float[batch, 3] x) => (float[batch, 3] y)
  <float[3, 3] w = {0.5, -1, 0.25, 2, 0.125, -0.5, 1, 1, -2}> {
  a = MatMul (x, w)
  b = MatMul (a, w)
  c = Add (a, b)
  s = MatMul (c, w)
  d = MatMul (s, w)
  e = Add (b, d)
  y = Add (e, x)
}`);

/** @param rows of each call, a letter for each site: c for computed */
const compile = (rows: readonly string[], sites: readonly string[], model = STREAM()) => {
  const made = sites.map((id) => keptSite(model, id));
  const names = rows.map((row) => [...row].map((letter) => (letter === 'c' ? COMPUTE : REUSE)));
  return (emit: (typeof EMITS)[number]) => compileSites(model, made, names, emit);
};

const feeds = (call: number) => ({
  x: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 6 }, (_, i) => Math.sin(1 + i * (call + 2))),
    [2, 3],
  ),
});

async function outputs(compilation: Compilation): Promise<unknown[]> {
  const session = await openSession(compilation);
  const found: unknown[] = [];
  for (let call = 0; call < compilation.plan.calls; call++)
    found.push((await session.run(feeds(call))).y!.data);
  await session.release();
  return found;
}

async function fedBack(compilation: Compilation): Promise<unknown[]> {
  const bytes = encodeLowered(statefulOf(compilation)).get('stateful.onnx')!;
  const session = await FedBack.open(bytes, EXACT);
  const found: unknown[] = [];
  for (let call = 0; call < compilation.plan.calls; call++)
    found.push((await session.run(feeds(call))).y!.data);
  await session.release();
  return found;
}

/** By program. */
function macs({ lowered, instrumented }: Compilation): Record<string, number> {
  const states = Object.fromEntries(
    [...instrumented.states.values()].map(({ id, shape }) => [id, [...shape]]),
  );
  const counted = programMacs(
    { models: lowered.models, programs: lowered.programs, states },
    new Map([['batch', 2]]),
  );
  return Object.fromEntries([...counted].map(([name, { all }]) => [name, all]));
}

const ifsOf = (graph: Graph): string[] =>
  [...graph.nodes].flatMap((node) => [
    ...(node.opType === 'If' ? [node.name] : []),
    ...[...node.attributes.values()].flatMap((a) => (a.type === 'graph' ? ifsOf(a.value) : [])),
  ]);

const liveIfs = ({ lowered }: Compilation) =>
  ifsOf([...lowered.models.values()][0]!.graph).filter((name) =>
    name.startsWith('stepfold.if.live'),
  );

test('a stream that no call reads but those that compute one of two sites', async () => {
  const made = compile(['cc', 'rr', 'cr', 'rc', 'rr'], ['b', 'd']);
  const merged = made('merged');
  expect(liveIfs(merged)).toHaveLength(1);
  expect(macs(merged)).toEqual(macs(made('split')));
  expect(await outputs(merged)).toEqual(await outputs(made('split')));
});

test('nothing is added where every call needs it', () => {
  const merged = compile(['cc', 'cr', 'rc'], ['b', 'd'])('merged');
  expect(liveIfs(merged)).toEqual([]);
  expect(
    [...merged.lowered.models.values()][0]!.graph.inputs.map(({ name }) => name),
  ).not.toContain('stepfold.strategy.live');
});

test('what has no type that is known runs as it did', () => {
  // a sequence, which is none
  const model = (p: string, length: string) =>
    modelOf(`g (float[batch, 3] x) => (float[batch, 3] y) <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}> {
      a = MatMul (x, w)
      p = ${p} (a)
      bn = ${length} (p)
      bf = Cast <to = 1> (bn)
      b = Mul (x, bf)
      dn = ${length} (p)
      df = Cast <to = 1> (dn)
      d = Mul (x, df)
      y = Add (b, d)
    }`);
  const ifs = (p: string, length: string) =>
    liveIfs(compile(['cc', 'rr'], ['b', 'd'], model(p, length))('merged'));
  expect(ifs('Relu', 'Size')).toHaveLength(1);
  expect(ifs('SequenceConstruct', 'SequenceLength')).toEqual([]);
});

test('a state that a call would write in vain is handed on', async () => {
  // call 1 needs nothing of "a", which the plan has computed there; call 2 reads what call 0 kept
  const made = compile(['ccc', 'crr', 'rcc'], ['a', 'b', 'd']);
  const split = await outputs(made('split'));
  expect(await outputs(made('merged'))).toEqual(split);
  expect(await fedBack(made('merged'))).toEqual(split);
});

test('any plan over sites of which one holds all others: forms agree, and merged costs what split does', async () => {
  const SITES = ['a', 'b', 's', 'd', 'e'];
  const row = fc
    .array(fc.constantFrom('c', 'r'), { minLength: SITES.length, maxLength: SITES.length })
    .map((letters) => letters.join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 5 }), async (rows) => {
      const made = compile(['ccccc', ...rows], SITES);
      const [split, merged] = [made('split'), made('merged')];
      expect(macs(merged)).toEqual(macs(split));
      const expected = await outputs(split);
      expect(await outputs(merged)).toEqual(expected);
      expect(await fedBack(merged)).toEqual(expected);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 20), seed: Number(process.env.FUZZ_SEED ?? 1) },
  );
});
