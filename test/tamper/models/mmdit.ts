/**
 * Two streams of tokens that attend together, as in Stable Diffusion 3: image and text have projections
 * and feed-forwards of their own, and the text stream ends before the last feed-forward of the image.
 */
import { WAVES, weights } from './weights.js';

const WIDTH = 4;
const [IMAGE, TEXT] = [6, 3];
const LAYERS = 3;

const STREAMS = ['x', 'c'] as const;

export function mmdit(): string {
  const range = Array.from({ length: LAYERS }, (_, i) => i);
  return `mmdit (float[batch,${IMAGE},${WIDTH}] x, int64[batch] t, float[batch,${TEXT},${WIDTH}] text) => (float[batch,${IMAGE},${WIDTH}] eps)
<
  ${[
    weights('w_time', [8, WIDTH]),
    weights('w_out', [WIDTH, WIDTH]),
    ...range.flatMap((i) =>
      STREAMS.flatMap((s) => [
        ...['q', 'k', 'v', 'o'].map((role) => weights(`w_${role}_${s}${i}`, [WIDTH, WIDTH])),
        weights(`w_wide_${s}${i}`, [WIDTH, 2 * WIDTH], WIDTH),
        weights(`w_narrow_${s}${i}`, [2 * WIDTH, WIDTH], 2 * WIDTH),
      ]),
    ),
  ].join(',\n  ')},
  float[4] frequencies = {1, 0.1, 0.01, 0.001}, float by_root = {0.5}, int64[1] last = {1},
  int64[2] parts = {${TEXT}, ${IMAGE}}, float[${WIDTH}] gain = {1, 1, 1, 1}
> {
${WAVES}
  steps = MatMul (waves, w_time)
  shift = Unsqueeze (steps, last)
  x0 = Add (x, shift)
  c0 = Tanh (text)
  ${range.map(block).join('\n  ')}
  eps = MatMul (x${LAYERS}, w_out)
}`;
}

const norm = (to: string, from: string) =>
  `${to} = LayerNormalization <axis = -1, epsilon = 0.000001> (${from}, gain)`;

/** The last block gives no text. */
const block = (i: number): string => `
  ${STREAMS.map(
    (s) => `${norm(`n_${s}${i}`, `${s}${i}`)}
  ${['q', 'k', 'v'].map((r) => `${r}_${s}${i} = MatMul (n_${s}${i}, w_${r}_${s}${i})`).join('\n  ')}`,
  ).join('\n  ')}
  ${['q', 'k', 'v'].map((r) => `${r}${i} = Concat <axis = 1> (${r}_c${i}, ${r}_x${i})`).join('\n  ')}
  kt${i} = Transpose <perm = [0, 2, 1]> (k${i})
  product${i} = MatMul (q${i}, kt${i})
  scores${i} = Mul (product${i}, by_root)
  weights${i} = Softmax <axis = -1> (scores${i})
  mixed${i} = MatMul (weights${i}, v${i})
  mixed_c${i}, mixed_x${i} = Split <axis = 1> (mixed${i}, parts)
  ${STREAMS.filter((s) => s === 'x' || i < LAYERS - 1)
    .map(
      (s) => `attended_${s}${i} = MatMul (mixed_${s}${i}, w_o_${s}${i})
  m_${s}${i} = Add (${s}${i}, attended_${s}${i})
  ${norm(`f_${s}${i}`, `m_${s}${i}`)}
  wide_${s}${i} = MatMul (f_${s}${i}, w_wide_${s}${i})
  relu_${s}${i} = Relu (wide_${s}${i})
  narrow_${s}${i} = MatMul (relu_${s}${i}, w_narrow_${s}${i})
  ${s}${i + 1} = Add (m_${s}${i}, narrow_${s}${i})`,
    )
    .join('\n  ')}`;
