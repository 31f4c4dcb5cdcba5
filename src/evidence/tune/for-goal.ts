/** What is searched for a goal: one cost, or several. */
import { errorTooSmall, nothingRan } from '../../errors/index.js';
import type { ErrorTo } from './error-to.js';
import { FRONT, type Goal } from './goal.js';
import type { Found } from './search.js';
import { settingTitle } from './setting.js';
import type { Table } from './table.js';

export interface GoalSearch {
  /** So many times as fast as the loop as it is. */
  at(times: number): Promise<Found>;
  isLate(): boolean;
  readonly table: Table;
  readonly errorTo: ErrorTo;
}

/** @throws TUNE_GOAL, TUNE_NOTHING */
export async function searchFor(goal: Goal, search: GoalSearch): Promise<Found> {
  switch (goal.kind) {
    case 'speedup':
      return search.at(goal.times);
    case 'error':
      return fastest(goal.decibels, search);
    case 'front':
      return front(search);
  }
}

/** What there is at each speed; the first of them is what is taken. */
async function front({ at, isLate }: GoalSearch): Promise<Found> {
  const first = await at(FRONT[0]!);
  for (const times of FRONT.slice(1)) if (!isLate()) await at(times);
  return first;
}

/** Costs that are tried one after another where an error is asked for, as many times as fast. */
const SPEEDUPS = [1.5, 2, 3, 4, 6];

/** The fastest that is near enough: dearer costs are tried until one is not. */
async function fastest(decibels: number, { at, table, errorTo }: GoalSearch): Promise<Found> {
  let good: { readonly times: number; readonly found: Found } | undefined;
  let bad: number | undefined;
  const meets = async (times: number) => {
    const found = await at(times);
    const [best] = found.best;
    const isMet = best !== undefined && (table.known(best)?.[errorTo].mean ?? 0) >= decibels;
    if (isMet) good = { times, found };
    else bad = times;
    return isMet;
  };
  for (const times of SPEEDUPS) if (!(await meets(times))) break;
  // between the two that lie on either side of it
  for (let i = 0; i < 2 && good && bad !== undefined; i++) await meets(Math.sqrt(good.times * bad));
  if (!good) await meets(1);
  if (good) return good.found;
  const nearest = [...table.tried].sort((a, b) => b[errorTo].mean - a[errorTo].mean)[0];
  if (!nearest) throw nothingRan();
  throw errorTooSmall(
    decibels,
    `${settingTitle(nearest.setting)} comes nearest, with ${nearest[errorTo].mean.toFixed(1)} dB`,
  );
}
