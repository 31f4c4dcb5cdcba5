/** Small networks of families that no file of the samples is of, in ONNX's text form. */
import { tinyTransformer } from '../../helpers/transformers.js';

const HEADS = 2;
const WIDTH = 4;

const matrix = (name: string, n: number): string =>
  `float[${WIDTH},${WIDTH}] ${name} = {${Array.from({ length: WIDTH * WIDTH }, (_, i) =>
    (Math.round(1e4 * Math.sin(3 * n + i * i + 1)) / 1e4).toFixed(4),
  ).join(', ')}}`;

const heads = (from: string, role: string, perm: string): string => `
  ${role}flat = MatMul (${from}, w${role})
  ${role}apart = Reshape (${role}flat, apart)
  ${role} = Transpose <perm = [${perm}]> (${role}apart)`;

/**
 * Sana's attention over the picture (keys with values first, then queries), and cross-attention to a caption.
 * @param softmax puts a Softmax between the two products, which makes it none
 */
export const linearTransformer = ({ softmax = false } = {}): string =>
  `linear (float[batch,10,${WIDTH}] x, float[batch,5,${WIDTH}] c) => (float[batch,10,${WIDTH}] eps)
<
  ${['q', 'k', 'v', 'o', 'cq', 'ck', 'cv', 'co'].map((role, n) => matrix(`w${role}`, n)).join(',\n  ')},
  float small = {1e-6}, float scale = {0.5},
  int64[4] apart = {0, 0, ${HEADS}, ${WIDTH / HEADS}}, int64[3] joined = {0, 0, ${WIDTH}}
> {${heads('x', 'q', '0, 2, 1, 3')}${heads('x', 'k', '0, 2, 3, 1')}${heads('x', 'v', '0, 2, 1, 3')}
  qpositive = Relu (q)
  kpositive = Relu (k)
  summed = MatMul (kpositive, v)
  scaled = Mul (summed, scale)
  ${softmax ? 'between = Softmax <axis = -1> (scaled)' : 'between = Cast <to = 1> (scaled)'}
  mixed = MatMul (qpositive, between)
  back = Transpose <perm = [0, 2, 1, 3]> (mixed)
  tokens = Reshape (back, joined)
  attended = MatMul (tokens, wo)
  h = Add (x, attended)${heads('h', 'cq', '0, 2, 1, 3')}${heads('c', 'ck', '0, 2, 3, 1')}${heads('c', 'cv', '0, 2, 1, 3')}
  cscores = MatMul (cq, ck)
  cweights = Softmax <axis = -1> (cscores)
  cmixed = MatMul (cweights, cv)
  cback = Transpose <perm = [0, 2, 1, 3]> (cmixed)
  ctokens = Reshape (cback, joined)
  told = MatMul (ctokens, wco)
  eps = Add (h, told)
}`;

/** A transformer over the tokens of a clip: [batch, channels, frames, height, width]. */
export function videoTransformer(frames: number): string {
  const tokens = 4 * frames;
  const inside = tinyTransformer({ tokens });
  const clip = `float[batch,${WIDTH},${frames},2,2]`;
  return inside
    .replace(
      /^transformer \(.*$/m,
      `video (${clip} clip, float[batch,${WIDTH}] c) => (${clip} eps)`,
    )
    .replace(
      '> {\n',
      `,\n  int64[3] flat = {0, ${tokens}, ${WIDTH}}, int64[5] whole = {0, ${WIDTH}, ${frames}, 2, 2}\n> {\n  x = Reshape (clip, flat)\n`,
    )
    .replace(/eps = Tanh \((\w+)\)/, 'ended = Tanh ($1)\n  eps = Reshape (ended, whole)');
}
