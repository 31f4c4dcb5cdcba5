/**
 * Settings that others publish or that were measured elsewhere, as starts: each in the longest loop in which it costs no
 * more than is asked for, and gone on from like any other choice of its pass.
 */
import {
  type Candidate,
  type Choice,
  type Coordinates,
  costOf,
  FEWEST,
  originsOf,
  ROUNDING,
  type SearchSpace,
} from './candidate.js';
import type { Method } from './method.js';
import { stepsIn } from './setting.js';
import type { Start, Started } from './starting-points.js';

/** Its own numbers first; it has no stretch of its own, since its options say what a loop costs. */
const FIRST: Choice['first'] = [{ order: undefined, stretch: 0, share: 0, placement: 0 }];

/** None where it fits no loop at this cost. */
export function started(
  space: SearchSpace,
  budget: number,
  start: Start,
): (Choice & { readonly method: Method })[] {
  const longest = longestOf(space, budget, start);
  if (!longest) return [];
  const { method } = longest;
  return [{ method, first: FIRST, make: (at) => startAt(space, budget, start, at) }];
}

function startAt(
  space: SearchSpace,
  budget: number,
  start: Start,
  at: Coordinates,
): Candidate | undefined {
  const { loop, order } = at;
  const found = longestOf(
    space,
    budget,
    start,
    (steps) => stepsIn(loop.withSteps(steps)) === steps,
  );
  if (!found) return undefined;
  const { method, options, full, steps } = found;
  const isOther = order !== undefined && method.forecasts;
  const { name } = method.pass;
  return {
    at: (other) => startAt(space, other, start, at),
    cost: costOf(method, steps, full),
    setting: {
      family: name,
      passes: [...space.exact, { pass: name, options: isOther ? { ...options, order } : options }],
      sampler: loop.withSteps(steps),
      ...originsOf(loop, start.name),
    },
  };
}

function longestOf(
  { mostSteps }: SearchSpace,
  budget: number,
  start: Start,
  isMade: (steps: number) => boolean = () => true,
): (Started & { readonly steps: number }) | undefined {
  for (let steps = mostSteps; steps >= FEWEST; steps--) {
    const one = start.at(steps);
    if (!one || costOf(one.method, steps, one.full) > budget + ROUNDING) continue;
    if (isMade(steps)) return { ...one, steps };
  }
  return undefined;
}
