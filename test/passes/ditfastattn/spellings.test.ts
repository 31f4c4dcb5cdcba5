/**
 * Every strategy on every spelling of self-attention. A sample is y = x + attention(norm(x)), so what
 * a shared half must give follows from the source's own outputs: y' = x' + (y - x) for the half that
 * is not computed.
 */
import { describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { StepfoldError } from '../../../src/errors/index.js';
import type { PairOrder } from '../../../src/runtime/schedule/index.js';
import { EMITS, openSession, type ort } from '../../helpers/compile.js';
import {
  asFloat32,
  loadSpelling,
  referenceOf,
  SPELLINGS,
  type Spelling,
} from '../../helpers/spellings.js';
import { modelOf } from '../../helpers/text.js';

type Feeds = Record<string, ort.Tensor>;

const numbers = (tensor: ort.Tensor) => asFloat32(tensor).data as Float32Array;

/** Outputs of two calls: a full one, and one with the strategy. */
async function lastCall(
  spelling: Spelling,
  strategy: 'reuse' | 'window' | 'guidance-share' | 'window+guidance-share',
  feeds: Feeds,
  order: PairOrder,
  emit: (typeof EMITS)[number],
): Promise<Float32Array> {
  const compiled = await Pipeline.create({ calls: 2, emit, guidance: { order, mode: 'batch' } })
    .use(ditfastattn, { strategy, window: 2 })
    .compile(loadSpelling(spelling));
  const session = await openSession(compiled);
  await session.run(feeds);
  const outputs = await session.run(feeds);
  await session.release();
  return numbers(Object.values(outputs)[0] as ort.Tensor);
}

/** What sharing gives, from the source's output: the residual of the computed half for both. */
function sharedOutput(x: Float32Array, y: Float32Array, order: PairOrder): Float32Array {
  const half = x.length / 2;
  const from = order === 'cond-first' ? 0 : half;
  return y.map((_, i) => {
    const computed = from + (i % half);
    return x[i]! + (y[computed]! - x[computed]!);
  });
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  const largest = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const worst = actual.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
  expect(actual.length).toBe(expected.length);
  expect(worst / largest).toBeLessThan(tolerance);
}

const selfAttentions = SPELLINGS.filter((s) => ['self', 'linear'].includes(s.attention));
const plain = selfAttentions.filter((s) => !s.mask);
/** Files with an operator that holds its projections, or without scores; they can be shared, not banded. */
const OPAQUE = ['microsoft-attention.onnx', 'linear.onnx'];
/** onnxruntime's CPU engine has no kernel for packed operands. */
const NOT_RUN = ['microsoft-multi-head-packed.onnx'];

/** Tokens lie before the batch, and are folded into one axis with it inside the module. */
const NOT_SHARED = ['library-module.onnx'];

const runnable = plain.filter((s) => !NOT_RUN.includes(s.file));

describe.each(runnable.map((s) => [s.file, s] as const))('%s', (file, spelling) => {
  const { feeds, output, tolerance } = referenceOf(spelling);
  const source = output.data as Float32Array;
  const x = numbers(Object.values(feeds)[0]!);

  test.runIf(NOT_SHARED.includes(file))('no sharing, and the reason', async () => {
    await expect(
      lastCall(spelling, 'guidance-share', feeds, 'cond-first', 'split'),
    ).rejects.toThrowError(/guidance-share.*batch/);
  });

  const shared = test.runIf(!NOT_SHARED.includes(file));
  shared.each(['cond-first', 'uncond-first'] as const)('a shared half, %s', async (order) => {
    for (const emit of EMITS)
      expectClose(
        await lastCall(spelling, 'guidance-share', feeds, order, emit),
        sharedOutput(x, source, order),
        tolerance,
      );
  });

  test.runIf(!OPAQUE.includes(file))('a window with the kept rest of the same inputs', async () => {
    expectClose(
      await lastCall(spelling, 'window', feeds, 'cond-first', 'merged'),
      source,
      tolerance,
    );
    if (NOT_SHARED.includes(file)) return;
    expectClose(
      await lastCall(spelling, 'window+guidance-share', feeds, 'uncond-first', 'split'),
      sharedOutput(x, source, 'uncond-first'),
      tolerance,
    );
  });

  test('reuse of the same inputs', async () => {
    expectClose(await lastCall(spelling, 'reuse', feeds, 'cond-first', 'split'), source, tolerance);
  });
});

test.each(selfAttentions.filter((s) => s.mask).map((s) => [s.file, s] as const))(
  '%s: no window over a mask, and the reason',
  async (_, spelling) => {
    const error = await Pipeline.create({ calls: 2 })
      .use(ditfastattn, { strategy: 'window' })
      .compile(loadSpelling(spelling))
      .then(
        () => undefined,
        (e: unknown) => e,
      );
    expect(error).toBeInstanceOf(StepfoldError);
    expect((error as StepfoldError).message).toMatch(/mask/);
  },
);

test('pooling with one query is no site, and leaves the numbers of the others', async () => {
  // tokens, a mean of them that attends to all, and self-attention behind it
  const numbers = (count: number) =>
    `{${Array.from({ length: count }, (_, i) => Math.sin(i).toFixed(3)).join()}}`;
  const attend = (to: string, q: string, k: string) =>
    `${to}q = MatMul (${q}, w) ${to}k = MatMul (${k}, w) ${to}v = MatMul (${k}, w)
     ${to}t = Transpose <perm = [0, 2, 1]> (${to}k) ${to}s = MatMul (${to}q, ${to}t)
     ${to}p = Softmax <axis = -1> (${to}s) ${to} = MatMul (${to}p, ${to}v)`;
  const model = modelOf(`g (float[2,6,4] x) => (float[2,6,4] y) <float[4,4] w = ${numbers(16)}> {
    m = ReduceMean <axes = [1], keepdims = 1> (x)  ${attend('a', 'm', 'x')}
    z = Add (x, a)  ${attend('b', 'z', 'z')}  y = Add (z, b)
  }`);
  const { plan } = await Pipeline.create({ calls: 2 })
    .use(ditfastattn, { strategy: 'window', window: 1 })
    .compile(model);
  expect(plan.sites.map(({ id, outputs }) => [id, outputs.map((v) => v.name)])).toEqual([
    ['attention.0', ['b']],
  ]);
});
