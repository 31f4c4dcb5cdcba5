/**
 * U-Nets of the corpus against their definitions in PyTorch: what each join takes for its main branch is what
 * samples/python/skip_joins.py found by running both, and a call that reuses what is kept there is the source with
 * that value in its place, which that script has held against the definition at every branch.
 */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { deepcache } from '../../passes/index.js';
import { analyzeUnet } from '../../src/compiler/analysis/index.js';
import { Pipeline, prepare } from '../../src/compiler/pipeline/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { openSession, type ort } from '../helpers/compile.js';
import { distance, sessionOf } from '../helpers/replaced-streams.js';
import { fillWeights, randomFeeds } from '../model/shape/engine.js';

/** Values with the numbers of what goes into a join, the earliest first. */
interface Join {
  readonly main: readonly string[];
  readonly skip: readonly string[];
}

const read = (file: string) => JSON.parse(fs.readFileSync(`samples/corpus/${file}`, 'utf8'));
const corpus: Record<string, { inputs: Record<string, number[]> }> = read('corpus.json');
const written: Record<string, readonly Join[]> = read('skip-joins.json');

test.each(Object.entries(written))('%s has the joins of its modules', async (name, joins) => {
  const { canonical, shapes } = await prepare(loadModel(`samples/corpus/${name}.onnx`));
  const unet = analyzeUnet(canonical.graph, shapes);
  if (!unet.isUnet) throw new Error(unet.refusal.reason);
  expect(unet.joins.map(({ branch }) => branch)).toEqual(joins.map((_, i) => i + 1));
  for (const [i, { main, skip }] of unet.joins.entries()) {
    expect(joins[i]!.main, `branch ${i + 1}`).toContain(main.name);
    // what a join's module does to the skip before it joins, as FreeU, comes behind what the module was given
    if (!name.includes('freeu')) expect(joins[i]!.skip, `branch ${i + 1}`).toContain(skip.name);
  }
});

/** Those whose joins are more than a Concat of two, at a branch each. */
const RUN: readonly (readonly [name: string, branch: number])[] = [
  ['unet-freeu-17', 1],
  ['unet-freeu-filtered-dynamo-18', 4],
  ['unet-control-17', 2],
  ['unet-cascade-17', 1],
  ['unet-cascade-17', 2],
  ['uvit-17', 1],
  ['hourglass-17', 1],
  ['hourglass-dynamo-18', 2],
];

test.each(RUN)('%s runs with what is deeper than branch %i kept', async (name, branch) => {
  const joins = written[name]!;
  const source = loadModel(`samples/corpus/${name}.onnx`);
  fillWeights(source);
  const [kept] = joins[branch - 1]!.main as [string];
  const compilation = await Pipeline.create({ calls: 2 })
    .use(deepcache, { branch, interval: 2 })
    .compile(source);
  const [first, second] = [1, 2].map((seed) => randomFeeds(source, corpus[name]!.inputs, seed)) as [
    Record<string, ort.Tensor>,
    Record<string, ort.Tensor>,
  ];
  const [output] = source.graph.outputs.map((value) => value.name) as [string];
  const whole = await sessionOf(source, [kept], []);
  const rest = await sessionOf(source, [], [kept]);
  const { [kept]: value, [output]: full } = await whole.run(first);
  const { [output]: expected } = await rest.run({ ...second, [kept]: value! });
  const { [output]: plain } = await whole.run(second);
  const session = await openSession(compilation);
  const made = [await session.run(first), await session.run(second)];
  expect(distance(made[0]![output] as ort.Tensor, full as ort.Tensor)).toBeLessThan(1e-5);
  expect(distance(made[1]![output] as ort.Tensor, expected as ort.Tensor)).toBeLessThan(1e-5);
  expect(distance(expected as ort.Tensor, plain as ort.Tensor)).toBeGreaterThan(1e-3);
  for (const each of [whole, rest, session]) await each.release();
});
