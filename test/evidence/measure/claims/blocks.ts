/** Blocks of a transformer, written out, and whether a run of them is one. */
import { DataFlow } from '../../../../src/evidence/measure/claims/data-flow.js';
import { wrongRun } from '../../../../src/evidence/measure/claims/runs.js';
import { modelOf, named } from '../../../helpers/text.js';

/** Attention and feed-forward number n on a stream: it leaves m<n> in the middle and h<n> behind. */
export const attention = (n: number, stream: string) => `
  k${n} = Transpose (${stream}) s${n} = MatMul (${stream}, k${n}) p${n} = Softmax (s${n})
  a${n} = MatMul (p${n}, ${stream})`;
export const feedForward = (n: number, stream: string) =>
  `u${n} = MatMul (${stream}, w) r${n} = Relu (u${n}) f${n} = MatMul (r${n}, w)`;
export const block = (n: number, stream: string) =>
  `${attention(n, stream)} m${n} = Add (${stream}, a${n}) ${feedForward(n, `m${n}`)} h${n} = Add (m${n}, f${n})`;
export const BLOCKS = `${block(1, 'x')} ${block(2, 'h1')}`;

export type Streams = readonly (readonly [from: string, to: string])[];

/** What is wrong with a run in a graph of some nodes; undefined where nothing is. */
export function wrong(nodes: string, streams: Streams, outputs: readonly string[] = ['y']) {
  const model = modelOf(
    `g (float[4,4] x, float[4,4] c, int64[4] pick, float free) => (${outputs.map((name) => `float[4,4] ${name}`).join(', ')})
    < float[4,4] w = {${Array(16).fill(1)}}, float half = {0.5}, float free = {2}, float[4] gains = {1, 2, 3, 4}, float[4,4,1,1] w1 = {${Array(16).fill(1)}},
      float[4,4,3,1] w3 = {${Array(48).fill(1)}}, int64[2] flat = {4, 4}, int64[4] image = {1, 4, 4, 1} >
    { ${nodes} }`,
  );
  return wrongRun(
    new DataFlow(model.graph),
    streams.map(([from, to]) => ({ from: named(model, from), to: named(model, to) })),
  );
}
