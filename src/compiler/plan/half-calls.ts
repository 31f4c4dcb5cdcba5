/**
 * Calls in which the model runs on one half of each guidance pair (`CompositeSite.halves`). What other sites do in
 * them they do with half of the rows: a state that has both is read for that half, and what is kept is of that half
 * alone, so that only such calls may read it.
 */
import type { Plan } from './plan.js';
import { COMPUTE, type CompositeSite, type HalfRuns, type Site } from './site.js';

export interface HalfCalls {
  readonly site: CompositeSite & { readonly halves: HalfRuns };
  /** By call. */
  readonly isHalf: readonly boolean[];
}

const runsHalves = (site: Site): site is HalfCalls['site'] =>
  site.parts !== undefined && site.halves !== undefined;

/** Undefined where no site runs halves. */
export function halfCalls({ sites, rows }: Plan): HalfCalls | undefined {
  const s = sites.findIndex(runsHalves);
  if (s < 0) return undefined;
  return { site: sites[s] as HalfCalls['site'], isHalf: rows.map((row) => row[s] !== COMPUTE) };
}

/** Where one half runs by itself, what lets it stand for both does what it is half of. */
export const onOneHalf = (site: Site, strategy: string): string => {
  const found = site.parts && site.strategies[strategy];
  return found?.kind === 'shared' ? found.of.strategy : strategy;
};
