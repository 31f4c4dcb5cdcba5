/**
 * Windows on the image tokens of a sequence of image and text, through the whole compiler: what a call with
 * `window-only` gives against the equation in plain loops, and what is said where the grid or the text's
 * side cannot be told.
 */
import { describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { openSession, ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

const [HEIGHT, WIDTH, TEXT, SIZE] = [18, 20, 3, 4];
const IMAGE = HEIGHT * WIDTH;
const TOKENS = IMAGE + TEXT;

const some = (count: number, phase: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(phase + 1.3 * i + 0.01 * i * i));
const WEIGHTS = { wq: some(16, 1), wk: some(16, 2), wv: some(16, 3) };
const tensors = Object.entries(WEIGHTS).map(
  ([name, w]) => `float[4,4] ${name} = {${[...w].map(String)}}`,
);

type Order = 'text first' | 'image first';

/**
 * Attention over tokens that are joined.
 * @param parts what is joined, of inputs and what the body makes of them
 */
const attending = (inputs: string, tokens: number, parts: string, body = ''): Model =>
  modelOf(`joint (${inputs}, float[1,${TEXT},${SIZE}] text) => (float[1,${tokens},${SIZE}] y) <
    ${tensors.join(', ')}, float scale = {0.5}, int64[3] flat = {1, ${SIZE}, ${IMAGE}}
  > {
    ${body}
    t = Concat <axis = 1> (${parts})
    q = MatMul (t, wq) k = MatMul (t, wk) v = MatMul (t, wv)
    kt = Transpose <perm = [0, 2, 1]> (k)
    s = MatMul (q, kt) scaled = Mul (s, scale)
    w = Softmax <axis = -1> (scaled)
    y = MatMul (w, v)
  }`);

/** @param image what makes tokens "i" [1, IMAGE, SIZE] of an input, which comes first */
const joint = (order: Order, input: string, image: string): Model =>
  attending(input, TOKENS, order === 'text first' ? 'text, i' : 'i, text', image);

const shown = (order: Order) =>
  joint(
    order,
    `float[1,${SIZE},${HEIGHT},${WIDTH}] x`,
    'f = Reshape (x, flat) i = Transpose <perm = [0, 2, 1]> (f)',
  );
const packed = (order: Order) => joint(order, `float[1,${IMAGE},${SIZE}] x`, 'i = Identity (x)');

/** Two texts before the image. */
const threeParts = (): Model =>
  attending(`float[1,${IMAGE},${SIZE}] x, float[1,2,${SIZE}] clip`, TOKENS + 2, 'clip, text, x');

const compile = (model: Model, options: object) =>
  Pipeline.create({ calls: 2 })
    .use(ditfastattn, { strategy: 'window-only', ...options })
    .compile(model);

/** Do two of the image's tokens see each other? */
type Near = (a: number, b: number) => boolean;

const neighbours =
  (height: number, width: number): Near =>
  (a, b) => {
    const rows = Math.abs(Math.floor(a / WIDTH) - Math.floor(b / WIDTH));
    const columns = Math.abs((a % WIDTH) - (b % WIDTH));
    return rows <= height / 2 && columns <= width / 2;
  };

/** softmax(q k^T / 2) v over the keys that a query sees, in float64. */
function defined(tokens: Float32Array, order: Order, near: Near): number[] {
  const projected = (w: Float32Array, token: number) =>
    Array.from({ length: SIZE }, (_, c) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + tokens[token * SIZE + i]! * w[i * SIZE + c]!, 0),
    );
  const [q, k, v] = [WEIGHTS.wq, WEIGHTS.wk, WEIGHTS.wv].map((w) =>
    Array.from({ length: TOKENS }, (_, token) => projected(w, token)),
  ) as [number[][], number[][], number[][]];
  const first = order === 'text first' ? TEXT : 0;
  const isText = (token: number) => token < first || token >= first + IMAGE;
  const sees = (i: number, j: number) => isText(i) || isText(j) || near(i - first, j - first);
  return q.flatMap((query, i) => {
    const weights = k.map((key, j) =>
      sees(i, j) ? Math.exp(query.reduce((sum, x, c) => sum + x * key[c]!, 0) / 2) : 0,
    );
    const total = weights.reduce((a, b) => a + b);
    return [0, 1, 2, 3].map((c) => weights.reduce((sum, w, j) => sum + (w / total) * v[j]![c]!, 0));
  });
}

/** The second call's output, and the image's and the text's tokens in their order. */
async function secondCall(model: Model, order: Order, isPacked: boolean, options: object) {
  const session = await openSession(await compile(model, options));
  const [image, text] = [some(IMAGE * SIZE, 5), some(TEXT * SIZE, 6)];
  // channels first where the model is given an image
  const x = isPacked
    ? new ort.Tensor('float32', image, [1, IMAGE, SIZE])
    : new ort.Tensor(
        'float32',
        image.map((_, i) => image[(i % IMAGE) * SIZE + Math.floor(i / IMAGE)]!),
        [1, SIZE, HEIGHT, WIDTH],
      );
  const feeds = { x, text: new ort.Tensor('float32', text, [1, TEXT, SIZE]) };
  await session.run(feeds);
  const { y } = await session.run(feeds);
  await session.release();
  const tokens = order === 'text first' ? [...text, ...image] : [...image, ...text];
  return { y: y!.data as Float32Array, tokens: Float32Array.from(tokens) };
}

describe.each(['text first', 'image first'] as const)('%s', (order) => {
  const text = order === 'text first' ? 'first' : 'last';
  test.each([
    { name: 'the graph shows it', model: shown, isPacked: false, options: {} },
    { name: 'the grid is said', model: packed, isPacked: true, options: { grid: '18x20' } },
    { name: 'all is said', model: packed, isPacked: true, options: { grid: '18x20', text } },
  ])('$name', async ({ model, isPacked, options }) => {
    const { y, tokens } = await secondCall(model(order), order, isPacked, {
      window: '4x3',
      ...options,
    });
    expectClose(y, defined(tokens, order, neighbours(4, 3)));
  });

  test.each([
    { name: 'the graph shows the image', model: shown, isPacked: false, options: { text } },
    { name: 'the graph shows two parts', model: packed, isPacked: true, options: { text } },
    { name: 'the grid is said', model: packed, isPacked: true, options: { grid: '18x20' } },
  ])('a band on the image: $name', async ({ model, isPacked, options }) => {
    for (const [window, reach] of [
      ['1/8', 45],
      [20, 20],
    ] as const) {
      const { y, tokens } = await secondCall(model(order), order, isPacked, { window, ...options });
      expectClose(
        y,
        defined(tokens, order, (a, b) => Math.abs(a - b) <= reach),
      );
    }
  });
});

function expectClose(found: Float32Array, expected: readonly number[]): void {
  const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0);
  expect(found).toHaveLength(expected.length);
  expect(worst).toBeLessThan(1e-5);
}

describe('what is not told is refused', () => {
  test.each([
    ['the grid', packed, { window: '4x3' }, /does not show on which grid its 363 tokens lie/],
    [
      'a grid that is too large',
      packed,
      { window: '4x3', grid: '20x20' },
      /a grid of 20x20 has 400/,
    ],
    [
      'the text of a smaller grid',
      packed,
      { window: '4x3', grid: '9x20' },
      /text=first or text=last/,
    ],
    ['an axis', shown, { window: '2x4x3' }, /3 extents.*a grid of 18x20/],
    [
      'another side than the graph shows',
      shown,
      { window: 3, text: 'last' },
      /360 tokens of the image are those from 3 on of 363, so the text is not last/,
    ],
    [
      'the text of a smaller grid, for a band',
      packed,
      { window: 3, grid: '9x20' },
      /text=first or text=last/,
    ],
    ['a part of three', threeParts, { window: 3, text: 'first' }, /how many of its 365 tokens/],
    ['an axis of what is said', packed, { window: '4x3', grid: '2x9x20' }, /2 extents.*2x9x20/],
  ])('%s', async (_, model, options, message) => {
    await expect(compile(model('text first'), options)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['a grid of nothing, for a band', { window: 3, grid: '0x20' }, /"grid": it must be height/],
    ['a grid of nothing', { window: '4x3', grid: '0x20' }, /"grid": it must be height and width/],
    ['a window of nothing', { window: '4x0' }, /"window": it must be/],
  ])('%s', async (_, options, message) => {
    await expect(compile(shown('text first'), options)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(message),
    });
  });
});
