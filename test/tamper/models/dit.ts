/**
 * A diffusion transformer that has a little of everything: class labels with a null class, an embedded
 * timestep, six times adaptive scale, shift and gate a block (DiT's adaLN-zero), attention of two heads
 * to a cross-attended caption where asked, and a feed-forward with an exact GELU.
 */
import { WAVES, weights } from './weights.js';

/** Labels are 0 to 6, and 7 is none. */
export const DIT_CLASSES = 8;

export interface DitOptions {
  readonly layers?: number;
  readonly tokens?: number;
  /** Attention to a caption of any number of words, in every block. */
  readonly caption?: boolean;
}

const WIDTH = 8;
const HEADS = 2;
const WORDS = 3;

export function dit({ layers = 2, tokens = 12, caption = false }: DitOptions = {}): string {
  const range = Array.from({ length: layers }, (_, i) => i);
  const image = `float[batch,${tokens},${WIDTH}]`;
  const inputs = `${image} x, int64[batch] t, int64[batch] y${caption ? `, float[batch,words,${WORDS}] caption` : ''}`;
  return `dit (${inputs}) => (${image} eps)
<
  ${[
    weights('w_time', [8, WIDTH]),
    weights('classes', [DIT_CLASSES, WIDTH], 1),
    weights('position', [1, tokens, WIDTH], 1),
    weights('w_out', [WIDTH, WIDTH]),
    weights('b_out', [WIDTH]),
    ...range.flatMap((i) => [
      weights(`w_ada${i}`, [WIDTH, 6 * WIDTH], WIDTH),
      ...['q', 'k', 'v', 'o'].map((role) => weights(`w_${role}${i}`, [WIDTH, WIDTH])),
      weights(`b_o${i}`, [WIDTH]),
      weights(`w_wide${i}`, [WIDTH, 2 * WIDTH], WIDTH),
      weights(`b_wide${i}`, [2 * WIDTH]),
      weights(`w_narrow${i}`, [2 * WIDTH, WIDTH], 2 * WIDTH),
      ...(caption
        ? [
            weights(`w_cq${i}`, [WIDTH, WIDTH]),
            weights(`w_ck${i}`, [WORDS, WIDTH], WORDS),
            weights(`w_cv${i}`, [WORDS, WIDTH], WORDS),
            weights(`w_co${i}`, [WIDTH, WIDTH]),
          ]
        : []),
    ]),
  ].join(',\n  ')},
  float[4] frequencies = {1, 0.1, 0.01, 0.001}, float one = {1}, float half = {0.5}, float root2 = {1.4142135},
  float by_root = {0.5}, float[${WIDTH}] gain = {${Array(WIDTH).fill(1).join(', ')}},
  int64[1] last = {1}, int64[6] six = {${Array(6).fill(WIDTH).join(', ')}},
  int64[4] apart = {0, 0, ${HEADS}, ${WIDTH / HEADS}}, int64[3] joined = {0, 0, ${WIDTH}}
> {
${WAVES}
  steps = MatMul (waves, w_time)
  class = Gather (classes, y)
  sum = Add (steps, class)
  condition = Tanh (sum)
  h0 = Add (x, position)
  ${range.map((i) => block(i, caption)).join('\n  ')}
  final = LayerNormalization <axis = -1, epsilon = 0.000001> (h${layers}, gain)
  out = MatMul (final, w_out)
  eps = Add (out, b_out)
}`;
}

const heads = (name: string, perm: string) => `${name}_apart = Reshape (${name}, apart)
  ${name}_heads = Transpose <perm = [${perm}]> (${name}_apart)`;

const block = (i: number, caption: boolean): string => `
  ada${i} = MatMul (condition, w_ada${i})
  tall${i} = Unsqueeze (ada${i}, last)
  shift_a${i}, scale_a${i}, gate_a${i}, shift_f${i}, scale_f${i}, gate_f${i} = Split <axis = 2> (tall${i}, six)
  norm_a${i} = LayerNormalization <axis = -1, epsilon = 0.000001> (h${i}, gain)
  more_a${i} = Add (scale_a${i}, one)
  scaled_a${i} = Mul (norm_a${i}, more_a${i})
  in_a${i} = Add (scaled_a${i}, shift_a${i})
  q${i} = MatMul (in_a${i}, w_q${i})
  k${i} = MatMul (in_a${i}, w_k${i})
  v${i} = MatMul (in_a${i}, w_v${i})
  ${heads(`q${i}`, '0, 2, 1, 3')}
  ${heads(`k${i}`, '0, 2, 3, 1')}
  ${heads(`v${i}`, '0, 2, 1, 3')}
  product${i} = MatMul (q${i}_heads, k${i}_heads)
  scores${i} = Mul (product${i}, by_root)
  weights${i} = Softmax <axis = -1> (scores${i})
  mixed${i} = MatMul (weights${i}, v${i}_heads)
  back${i} = Transpose <perm = [0, 2, 1, 3]> (mixed${i})
  joined${i} = Reshape (back${i}, joined)
  projected${i} = MatMul (joined${i}, w_o${i})
  attended${i} = Add (projected${i}, b_o${i})
  gated_a${i} = Mul (attended${i}, gate_a${i})
  m${i} = Add (h${i}, gated_a${i})
  ${caption ? cross(i) : ''}
  norm_f${i} = LayerNormalization <axis = -1, epsilon = 0.000001> (${caption ? `c${i}` : `m${i}`}, gain)
  more_f${i} = Add (scale_f${i}, one)
  scaled_f${i} = Mul (norm_f${i}, more_f${i})
  in_f${i} = Add (scaled_f${i}, shift_f${i})
  wide${i} = MatMul (in_f${i}, w_wide${i})
  biased${i} = Add (wide${i}, b_wide${i})
  divided${i} = Div (biased${i}, root2)
  erf${i} = Erf (divided${i})
  shifted${i} = Add (erf${i}, one)
  gelu${i} = Mul (biased${i}, shifted${i})
  halved${i} = Mul (gelu${i}, half)
  narrow${i} = MatMul (halved${i}, w_narrow${i})
  gated_f${i} = Mul (narrow${i}, gate_f${i})
  h${i + 1} = Add (${caption ? `c${i}` : `m${i}`}, gated_f${i})`;

const cross = (i: number): string => `
  cq${i} = MatMul (m${i}, w_cq${i})
  ck${i} = MatMul (caption, w_ck${i})
  cv${i} = MatMul (caption, w_cv${i})
  ckt${i} = Transpose <perm = [0, 2, 1]> (ck${i})
  cs${i} = MatMul (cq${i}, ckt${i})
  cw${i} = Softmax <axis = -1> (cs${i})
  cm${i} = MatMul (cw${i}, cv${i})
  co${i} = MatMul (cm${i}, w_co${i})
  c${i} = Add (m${i}, co${i})`;
