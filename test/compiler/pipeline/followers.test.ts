/**
 * Sizes of made-up inputs whose symbols are their own: they follow from what the graph joins them with, so
 * that onnxruntime takes them, at the default sizes and at others that are asked for.
 */
import { describe, expect, it } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { prepare } from '../../../src/compiler/pipeline/prepare.js';
import { modelPorts } from '../../../src/evidence/measure/denoise-bundle.js';
import { concretePort, scheduleBindings } from '../../../src/evidence/measure/feeds.js';
import { findFollowers, inferShapes, withFollowers } from '../../../src/model/shape/index.js';
import { encodeSorted, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

/** As a ControlNet's: added to the first skip, and to the middle, two levels down. */
const CONTROLLED = TINY_UNET.replace(
  'float[batch] t)',
  'float[batch] t, float[b1,2,h1,w1] first, float[b2,2,h2,w2] middle, float[b3,2,h2x,w3] again)',
)
  .replace('[encode1] e1 = Conv (x, w1)', 'e0 = Conv (x, w1)  e1 = Add (e0, first)')
  .replace(
    '[middle] mid = Conv (h3, wm)',
    'm0 = Conv (h3, wm)  both = Add (again, middle)  mid = Add (m0, both)',
  );

async function runs(
  text: string,
  asked: Record<string, number> = {},
): Promise<Record<string, readonly number[]>> {
  const prepared = await prepare(modelOf(text));
  const ports = modelPorts(prepared);
  const sizes = new Map([...ports.bindings, ...Object.entries(asked)]);
  const bindings = withFollowers(sizes, ports.followers, new Set(Object.keys(asked)));
  const shapes = Object.fromEntries(
    ports.inputs.map((port) => [port.name, concretePort(port, bindings)]),
  );
  const session = await ort.InferenceSession.create(encodeSorted(modelOf(text)));
  const feeds = Object.entries(shapes).map(([name, dims]) => [
    name,
    new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims),
  ]);
  await session.run(Object.fromEntries(feeds));
  await session.release();
  return shapes;
}

describe('residuals with symbols of their own', () => {
  it('are as large as what they are added to', async () => {
    expect(await runs(CONTROLLED)).toEqual({
      x: [1, 2, 64, 64],
      t: [1],
      first: [1, 2, 64, 64],
      middle: [1, 2, 16, 16],
      again: [1, 2, 16, 16],
    });
  });

  it('follow the sizes that are asked for', async () => {
    expect(await runs(CONTROLLED, { batch: 3, height: 8, width: 20 })).toMatchObject({
      first: [3, 2, 8, 20],
      middle: [3, 2, 2, 5],
      again: [3, 2, 2, 5],
    });
  });

  it('decide where they are asked for', async () => {
    expect(await runs(CONTROLLED, { h1: 16, w1: 8, b1: 2, batch: 2 })).toMatchObject({
      x: [2, 2, 16, 8],
      middle: [2, 2, 4, 2],
    });
  });

  it('follow sizes that are fixed in the model', async () => {
    const fixed = CONTROLLED.replaceAll('float[batch,2,height,width]', 'float[2,2,16,24]');
    expect(await runs(fixed)).toMatchObject({ first: [2, 2, 16, 24], middle: [2, 2, 4, 6] });
  });
});

it('a schedule says what follows, for whoever makes its inputs up', async () => {
  const compilation = await Pipeline.create({ calls: 2 })
    .use(deepcache, { branch: 1, interval: 2 })
    .compile(modelOf(CONTROLLED));
  const schedule = scheduleOf(compilation);
  expect(schedule.source.follows).toMatchObject({ h1: 'height', w1: 'width', b2: 'batch' });
  const shapesFor = (given: Record<string, number[]>) => {
    const bindings = scheduleBindings(schedule, given);
    return Object.fromEntries(
      schedule.source.inputs.map((port) => [port.name, concretePort(port, bindings)]),
    );
  };
  expect(shapesFor({ x: [2, 2, 8, 16] })).toEqual({
    x: [2, 2, 8, 16],
    t: [2],
    first: [2, 2, 8, 16],
    middle: [2, 2, 2, 4],
    again: [2, 2, 2, 4],
  });
  // 1 is a size that may be asked for as well
  expect(shapesFor({ first: [1, 2, 1, 1], x: [2, 2, 8, 16] })).toMatchObject({
    first: [1, 2, 1, 1],
    middle: [2, 2, 2, 4],
  });
});

it('what is joined with two sizes that are never equal is broadcast to both', async () => {
  const text = `g (float[n, 4] x, float[n, 8] y, float[n, k] z) => (float[n, 4] a, float[n, 8] b) {
    a = Add (x, z)
    b = Mul (y, z)
  }`;
  expect(await runs(text)).toEqual({ x: [1, 4], y: [1, 8], z: [1, 1] });
});

it('a multiple follows where it divides', () => {
  const text = `g (float[n, w, 4] x, float[m, 4] y) => (float[n, v, 4] z) {
    two = Concat <axis = 0> (y, y)
    z = Add (x, two)
  }`;
  const model = modelOf(text);
  const followers = (order: string[]) =>
    [...findFollowers(inferShapes(model), order)].map(([name, size]) => `${name} = ${size}`);
  expect(followers(['m', 'n', 'w'])).toEqual(['w = m*2']);
  // half of any number is no size
  expect(followers(['n', 'w', 'm'])).toEqual([]);
});

it('what an operator requires counts before what may be broadcast', () => {
  const model =
    modelOf(`g (float[4, a] x, float[b, 4] y, float[4, c] z) => (float[4, 4] u, float[4, d] v) {
    u = MatMul (x, y)
    v = Add (x, z)
  }`);
  const found = findFollowers(inferShapes(model), ['c', 'a', 'b']);
  expect([...found].map(([name, size]) => `${name} = ${size}`)).toEqual(['a = c', 'b = c']);
});
