/** Small transformers by hand: self-attention between residual connections, in ONNX's text form. */
import { encodeFloat16 } from '../../src/io/float16.js';

export interface TransformerOptions {
  readonly layers?: number;
  readonly tokens?: number;
  /** A size, or a symbol for the batch. */
  readonly batch?: number | string;
  readonly type?: 'float' | 'float16';
}

const WIDTH = 4;
const HEADS = 2;

/**
 * `x` [batch, tokens, 4] and a condition `c` [batch, 4] that is added to every token; two heads. Layer
 * i scores in `scores<i>`, mixes in `mixed<i>`, and leaves its module as `out<i>`.
 */
export function tinyTransformer(options: TransformerOptions = {}): string {
  const { layers = 2, tokens = 10, batch = 'batch', type = 'float' } = options;
  const range = Array.from({ length: layers }, (_, i) => i);
  // the text form has float16 as bit patterns
  const list = (numbers: readonly number[]) =>
    (type === 'float' ? numbers : [...encodeFloat16(Float32Array.from(numbers))]).join(', ');
  const image = `${type}[${batch},${tokens},${WIDTH}]`;
  const matrices = range.flatMap((i) => ['q', 'k', 'v', 'o'].map((role) => `w${role}${i}`));
  return `transformer (${image} x, ${type}[${batch},${WIDTH}] c) => (${image} eps)
<
  ${matrices.map((name, n) => `${type}[${WIDTH},${WIDTH}] ${name} = {${list(weights(n))}}`).join(',\n  ')},
  ${type}[${WIDTH}] bias = {${list([0.5, -0.25, 0.125, 0.75])}}, ${type} scale = {${list([0.75])}},
  int64[1] one = {1}, int64[4] apart = {0, 0, ${HEADS}, ${WIDTH / HEADS}}, int64[3] joined = {0, 0, ${WIDTH}}
> {
  condition = Unsqueeze (c, one)
  h0 = Add (x, condition)
  ${range.map(layer).join('\n  ')}
  eps = Tanh (h${layers})
}`;
}

/** Sixteen numbers between -1.5 and 1.5 that no two matrices share. */
const weights = (n: number): number[] =>
  Array.from(
    { length: WIDTH * WIDTH },
    (_, i) => Math.round(1e4 * 0.5 * Math.sin(7 * n + i * i + 1)) / 1e4,
  );

const layer = (i: number): string =>
  ['q', 'k', 'v']
    .map(
      (role) => `${role}${i} = MatMul (h${i}, w${role}${i})
  ${role}${i}apart = Reshape (${role}${i}, apart)
  ${role}${i}heads = Transpose <perm = [${role === 'k' ? '0, 2, 3, 1' : '0, 2, 1, 3'}]> (${role}${i}apart)
  `,
    )
    .join('') +
  `product${i} = MatMul (q${i}heads, k${i}heads)
  scores${i} = Mul (product${i}, scale)
  weights${i} = Softmax <axis = -1> (scores${i})
  mixed${i} = MatMul (weights${i}, v${i}heads)
  back${i} = Transpose <perm = [0, 2, 1, 3]> (mixed${i})
  joined${i} = Reshape (back${i}, joined)
  projected${i} = MatMul (joined${i}, wo${i})
  out${i} = Add (projected${i}, bias)
  h${i + 1} = Add (h${i}, out${i})`;
