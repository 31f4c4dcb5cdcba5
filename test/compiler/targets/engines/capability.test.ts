/**
 * What is found for WebNN, held against onnxruntime-web's WebNN provider itself, which says of each node whether it
 * takes it. Where it would run is another matter: the context here says yes to everything.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepare } from '../../../../src/compiler/pipeline/index.js';
import { applyTarget, checkFor, webnn } from '../../../../src/compiler/targets/index.js';
import { cloneModel } from '../../../../src/model/ir/clone.js';
import type { Model } from '../../../../src/model/ir/model.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { encodeSorted } from '../../../helpers/compile.js';
import { modelOf } from '../../../helpers/text.js';
import { type Choice, webnnChoices } from './capability.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-webnn-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const VARIED = `g (float[2,4] x, float[2,4] z, int64[2] s, uint8[2,4] u, int8[4,3] v, uint8[4,3] k) => (float[] y, float[] a, bool[] b, float[] c, float[] d, int32[] f, int32[] h) {
  m = Mod <fmod = 1> (x, z)
  e = Expand (z, s)
  n = Neg (x)
  t = Tanh (n)
  y = Add (m, t)
  a = Abs (e)
  q = com.microsoft.QuickGelu (x)
  b = Greater (q, z)
  one = Constant <value = int64[1] {-1}> ()
  r = Reshape (x, one)
  c = Selu (r)
  d = LogSoftmax (x)
  f = MatMulInteger (u, v)
  h = MatMulInteger (u, k)
}`;
const OPEN = 'g (float[n,4] x, float[4] z) => (float[] y) {\n m = Neg (z)\n y = Add (x, m)\n}';

const frozen = async (name: string) => {
  const source = loadModel(`samples/corpus/${name}.onnx`);
  const { bindings } = await prepare(source);
  return (await prepare(source, { freeze: Object.fromEntries(bindings) })).canonical;
};
const written = (model: Model) => {
  const { model: copy } = cloneModel(model);
  applyTarget(copy, webnn);
  return copy;
};

const models = new Map<string, Model>();
const choices = new Map<string, readonly Choice[]>();

beforeAll(async () => {
  models.set('varied', modelOf(VARIED, 17));
  models.set('open', modelOf(OPEN, 17));
  models.set('exported', await frozen('unet-dynamo-23'));
  models.set('written', written(models.get('exported')!));
  await Promise.all(
    ['varied', 'open', 'written'].map(async (name) => {
      const file = path.join(folder, `${name}.onnx`);
      fs.writeFileSync(file, encodeSorted(models.get(name)!));
      choices.set(name, await webnnChoices(file));
    }),
  );
}, 300_000);

const chosen = (name: string) => choices.get(name)!;
const refused = (name: string) =>
  chosen(name)
    .filter(({ taken }) => !taken)
    .map(({ opType }) => opType)
    .sort();
const found = (name: string) =>
  checkFor(models.get(name)!, webnn.engine!)
    .flatMap(({ nodes, opType }) => nodes.map(() => opType!))
    .sort();

test('nodes that are refused are those that were found, and no others', () => {
  expect(refused('varied')).toEqual([
    'Expand',
    'LogSoftmax',
    'MatMulInteger',
    'Mod',
    'QuickGelu',
    'Selu',
  ]);
  for (const name of ['varied', 'written']) expect(found(name)).toEqual(refused(name));
});

test('a node that follows from an open size is refused', () => {
  expect(chosen('open').map(({ opType, taken }) => [opType, taken])).toEqual([
    ['Neg', true],
    ['Add', false],
  ]);
  expect(checkFor(models.get('open')!, webnn.engine!).map(({ code }) => code)).toEqual([
    'TARGET_OPEN_SIZE',
  ]);
});

test('a U-Net of operator set 23 is taken as a whole once it is written for WebNN', () => {
  expect(new Set(found('exported'))).toEqual(new Set(['Attention', 'GroupNormalization']));
  expect(chosen('written').length).toBeGreaterThan(400);
  expect(refused('written')).toEqual([]);
});
