/**
 * An attention so plain that its plan can be acted out with a few loops, and these loops. All scores are zero, so
 * the product with v is a mean: over all tokens, or over those of a band. Rows are images of three tokens.
 */
import * as ort from 'onnxruntime-node';
import type { Feeds } from '../../../../src/evidence/measure/feeds.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';

export const TOKENS = 3;

/** y = x + (2 * mean + 1), where `out` is what is in brackets and `mixed` the mean. */
export const SOURCE = modelOf(`g (float[batch,${TOKENS},1] x) => (float[batch,${TOKENS},1] y)
  < float zero = {0}, float two = {2}, float one = {1} >
  {
    z = Mul (x, zero) zt = Transpose <perm = [0, 2, 1]> (z) scores = MatMul (z, zt) p = Softmax (scores)
    mixed = MatMul (p, x) twice = Mul (mixed, two) out = Add (twice, one) y = Add (x, out)
  }`);

export type Guidance = NonNullable<Schedule['source']['guidance']>;

export const scheduleOf = (strategies: readonly string[], guidance?: Guidance): Schedule =>
  ({
    source: {
      inputs: [{ name: 'x', type: 'float32', shape: ['batch', TOKENS, 1] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['batch', TOKENS, 1] }],
      roles: { latent: 'x' },
      ...(guidance && { guidance }),
    },
    calls: strategies.map((name) => name),
    sites: {
      a: {
        strategies,
        values: ['out'],
        attention: { scores: 'scores', mixed: 'mixed', window: { tokens: 1 } },
      },
    },
  }) as unknown as Schedule;

type Rows = readonly (readonly number[])[];

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const full = (x: Rows) => x.map((row) => row.map(() => mean(row)));
const band = (x: Rows) =>
  x.map((row) => row.map((_, i) => mean(row.slice(Math.max(0, i - 1), i + 2))));
const each = (a: Rows, b: Rows, f: (a: number, b: number) => number) =>
  a.map((row, r) => row.map((value, i) => f(value, b[r]![i]!)));

/**
 * What the calls give, from the papers: a window adds what it lacked at the last call that computed all; one half
 * stands for both, in the batch or as the first of two calls; what is kept is kept for each half where these are calls.
 */
export function actedOut(
  inputs: readonly Rows[],
  strategies: readonly string[],
  guidance?: Guidance,
): Rows[] {
  const kept: { out?: Rows; lacks?: Rows }[] = [{}, {}];
  return inputs.map((x, call) => {
    const strategy = strategies[call]!;
    const half = guidance?.mode === 'two-calls' ? call % 2 : 0;
    const own = kept[half]!;
    const shares = strategy.includes('guidance-share');
    // where the conditional half stands, in a batch
    const start = guidance?.order === 'uncond-first' ? x.length / 2 : 0;
    const doubled = (rows: Rows) => {
      if (!shares || guidance?.mode !== 'batch') return rows;
      const standing = rows.slice(start, start + rows.length / 2);
      return [...standing, ...standing];
    };
    let out: Rows;
    if (strategy === 'zero') return x;
    if (strategy === 'reuse') out = own.out!;
    else if (shares && half === 1) {
      out = kept[0]!.out!;
      if (!strategy.includes('window')) own.lacks = kept[0]!.lacks!;
    } else {
      const windowed = strategy.startsWith('window');
      let mixed = windowed ? band(x) : full(x);
      if (windowed && strategy !== 'window-only') mixed = each(mixed, own.lacks!, (a, b) => a + b);
      if (!windowed) own.lacks = doubled(each(full(x), band(x), (a, b) => a - b));
      out = doubled(mixed.map((row) => row.map((value) => 2 * value + 1)));
    }
    own.out = out;
    return each(x, out, (a, b) => a + b);
  });
}

/** Inputs of each call, no two of their numbers alike. */
export const inputsFor = (calls: number, batch: number): Rows[] =>
  Array.from({ length: calls }, (_, call) =>
    Array.from({ length: batch }, (_, row) =>
      Array.from({ length: TOKENS }, (_, i) =>
        Math.fround(Math.sin(1 + i + 10 * row + 100 * call)),
      ),
    ),
  );

export const feedsOf = (x: Rows): Feeds => ({
  x: new ort.Tensor('float32', Float32Array.from(x.flat()), [x.length, TOKENS, 1]) as never,
});
