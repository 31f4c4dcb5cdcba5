/** What programs of a bundle cost, in evaluations of its source. */
import type { Schedule } from '../../runtime/schedule/index.js';

/** By multiply-accumulates; 1 where these are not recorded, or nothing is multiplied. */
export function macShareOf({ cost }: Schedule): (program: string) => number {
  const { source = 0, programs = {} } = cost?.macs?.convention.all ?? {};
  return (program) => (source > 0 ? (programs[program] ?? source) / source : 1);
}
