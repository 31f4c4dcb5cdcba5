/**
 * Which steps are full, as a path through the steps: an edge leads from one full step to the next, or from the last to
 * the end of the loop, and weighs what the steps between them do to the end. A forecast takes values from before the
 * edge as well, so that the gap before its first step is part of where a path stands.
 */

export interface PathProblem {
  readonly steps: number;
  /** Full steps. */
  readonly full: number;
  /** The longest edge. */
  readonly mostGap: number;
  /** Whether a weight depends on the gap before. */
  readonly history: boolean;
  /**
   * @param gap from the full step before `from`; 1 where there is none, or where it does not matter
   * @param to the next full step, or the number of steps
   */
  weight(gap: number, from: number, to: number): number;
}

/** What a path has cost so far; of two of one length, which is the better. */
interface Measure<Cost> {
  readonly none: Cost;
  add(cost: Cost, weight: number): Cost;
  isLess(a: Cost, b: Cost): boolean;
}

const sum: Measure<number> = {
  none: 0,
  add: (cost, weight) => cost + weight,
  isLess: (a, b) => a < b,
};

/**
 * The largest weight counts, then the next, and so on (LeMiCa, arXiv 2511.00090): weights in descending order, compared
 * as words are. What is added to two such rows alike does not change which is less, so that the best path to a place is
 * part of the best one through it.
 */
const minimax: Measure<readonly number[]> = {
  none: [],
  add(cost, weight) {
    const at = cost.findIndex((other) => other < weight);
    return at < 0 ? [...cost, weight] : cost.toSpliced(at, 0, weight);
  },
  isLess(a, b) {
    const at = a.findIndex((weight, i) => weight !== b[i]);
    return at >= 0 && a[at]! < b[at]!;
  },
};

export const OBJECTIVES = ['minimax', 'sum'] as const;
export type Objective = (typeof OBJECTIVES)[number];

/**
 * The full steps of the best path; undefined where none has exactly so many.
 * @returns ascending, from step 0
 */
export const bestPath = (problem: PathProblem, objective: Objective): number[] | undefined =>
  objective === 'sum' ? search(problem, sum) : search(problem, minimax);

interface Place<Cost> {
  readonly step: number;
  readonly gap: number;
  readonly cost: Cost;
  readonly before: Place<Cost> | undefined;
}

function search<Cost>(problem: PathProblem, measure: Measure<Cost>): number[] | undefined {
  const { steps, full, mostGap, history, weight } = problem;
  let places: Place<Cost>[] = [{ step: 0, gap: 1, cost: measure.none, before: undefined }];
  const extend = (place: Place<Cost>, to: number) =>
    measure.add(place.cost, weight(place.gap, place.step, to));
  for (let count = 1; count < full; count++) {
    const best = new Map<number, Place<Cost>>();
    for (const place of places)
      for (let step = place.step + 1; step < Math.min(place.step + mostGap + 1, steps); step++) {
        const gap = history ? step - place.step : 1;
        const key = step * (mostGap + 1) + gap;
        const cost = extend(place, step);
        const known = best.get(key);
        if (!known || measure.isLess(cost, known.cost))
          best.set(key, { step, gap, cost, before: place });
      }
    places = [...best.values()];
  }
  let end: Place<Cost> | undefined;
  for (const place of places) {
    if (steps - place.step > mostGap) continue;
    const cost = extend(place, steps);
    if (!end || measure.isLess(cost, end.cost)) end = { ...place, cost };
  }
  const found: number[] = [];
  for (let at = end; at; at = at.before) found.unshift(at.step);
  return end && found;
}
