/** Streams of two blocks that are a few sums, and the reference of a plan on such a graph. */
import { passesWith } from '../../../../passes/table.js';
import { makeReference } from '../../../../src/evidence/measure/reference/run.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';

export type Site = NonNullable<Schedule['sites']>[string];
export type Sites = Readonly<Record<string, Partial<Site>>>;

/** Streams h1 = x + 2 x and h2 = h1 + h1 h1, of which y is the negative. */
const BLOCKS = `g (TYPE[2] x) => (TYPE[2] y) < TYPE two = {TWO} >
  { m = Mul (x, two) h1 = Add (x, m) q = Mul (h1, h1) h2 = Add (h1, q) y = Neg (h2) }`;
export const FLOAT = BLOCKS.replaceAll('TYPE', 'float').replace('TWO', '2');
/** Two in half precision, by its bits. */
export const HALF = BLOCKS.replaceAll('TYPE', 'float16').replace('TWO', '16384');

/** The reference of a plan, or why there is none. */
export function referenceOf(
  text: string,
  sites: Sites | undefined,
  outputs = ['y'],
  guidance?: object,
) {
  const calls = Object.values(sites ?? {})[0]?.strategies ?? [];
  const schedule = {
    source: { outputs: outputs.map((name) => ({ name })), ...(guidance && { guidance }) },
    calls,
    ...(sites && { sites }),
  } as unknown as Schedule;
  return {
    reference: makeReference(modelOf(text), schedule, passesWith().strategies, { x: [2], s: [] }),
    calls,
  };
}
