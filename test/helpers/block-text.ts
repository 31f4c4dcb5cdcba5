/**
 * Pieces of transformers in ONNX's text form: six tokens of four channels, every layer one matrix `w`.
 * Names of nodes and values begin with what is given first, so that pieces can be put together.
 */
import type { Model } from '../../src/model/ir/model.js';
import { modelOf } from './text.js';

const MATRIX =
  'float[4, 4] w = {0.5, -0.25, 0.125, 0.75, 0.25, 0.5, -0.75, 0.125, -0.5, 0.25, 0.5, 0.25, 0.125, 0.75, 0.25, -0.5}';
const STREAM = 'float[1, 6, 4]';

/** Self-attention of one head. */
export const attention = (p: string, from: string, to: string): string => `
  [${p}_q] ${p}_q = MatMul (${from}, w)
  [${p}_k] ${p}_k = MatMul (${from}, w)
  [${p}_v] ${p}_v = MatMul (${from}, w)
  ${p}_kt = Transpose <perm = [0, 2, 1]> (${p}_k)
  [${p}_scores] ${p}_s = MatMul (${p}_q, ${p}_kt)
  [${p}_softmax] ${p}_p = Softmax <axis = -1> (${p}_s)
  [${p}_mix] ${p}_m = MatMul (${p}_p, ${p}_v)
  [${p}_out] ${to} = MatMul (${p}_m, w)`;

export const feedForward = (p: string, from: string, to: string): string => `
  [${p}_wide] ${p}_h = MatMul (${from}, w)
  ${p}_r = Relu (${p}_h)
  [${p}_narrow] ${to} = MatMul (${p}_r, w)`;

/** Self-attention and feed-forward, each with a residual connection. */
export const block = (p: string, from: string, to: string): string => `
  ${attention(`${p}_attention`, from, `${p}_attended`)}
  ${p}_middle = Add (${from}, ${p}_attended)
  ${feedForward(`${p}_feed`, `${p}_middle`, `${p}_fed`)}
  ${to} = Add (${p}_middle, ${p}_fed)`;

/** As many blocks in a row, named `<p>0`, `<p>1`, and so on; the stream behind them is `to`. */
export const blocks = (count: number, p: string, from: string, to: string): string =>
  Array.from({ length: count }, (_, i) =>
    block(`${p}${i}`, i === 0 ? from : `${p}${i}_in`, i === count - 1 ? to : `${p}${i + 1}_in`),
  ).join('\n');

/** From `x`, and `c` beside it, to `y`; constants beside the matrix. */
export const blockModel = (
  body: string,
  constants = '',
  inputs = `${STREAM} x, ${STREAM} c`,
): Model =>
  modelOf(
    `g (${inputs}) => (float y) <${[MATRIX, constants].filter(Boolean).join(', ')}> { ${body} }`,
  );
