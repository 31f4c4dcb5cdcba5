/** What loops and searches take, in evaluations of the model. */
import { mostGapOf } from './candidates.js';
import { gainSteps } from './edges.js';
import { type PlacementRule, PUBLISHED_RULES } from './placement-rules.js';
import type { Asked } from './search.js';
import type { OpenVariant } from './step-loop.js';

/** Where calls that are not full take work, the graph is weighed for so many variants; with so many published rules go. */
export const WEIGHED = 2;

export function costOf({ programs }: OpenVariant, steps: number, full: number): number {
  const each = programs.callsPerStep;
  const sum = (share: (call: number) => number) =>
    Array.from({ length: each }, (_, call) => share(each + call)).reduce((a, b) => a + b, 0);
  const others = steps - full;
  return (
    full * sum((call) => programs.full(call).share) +
    (others > 0 ? others * sum((call) => programs.other(call).share) : 0)
  );
}

/** Evaluations of the model that a search takes, about. */
export function expectedWork(
  opened: readonly OpenVariant[],
  steps: number,
  rule: PlacementRule,
  asked: Asked,
): number {
  const full = 'full' in asked ? asked.full : steps / 2;
  const weighed = opened.some((open) => open.programs.otherShare > 0)
    ? opened.slice(0, WEIGHED)
    : opened;
  const each = opened[0]!.programs.callsPerStep;
  const loops = opened.reduce((sum, open) => sum + 4 * costOf(open, steps, full), 0);
  if (rule !== 'end-error') return loops + 2 * each * steps;
  const published = opened
    .slice(0, WEIGHED)
    .reduce((sum, open) => sum + 2 * PUBLISHED_RULES.length * costOf(open, steps, full), 0);
  const rests = gainSteps(steps).reduce((sum, step) => sum + steps - step, 0);
  const edges = weighed.reduce(
    (sum, open) => sum + open.programs.otherShare * 4 * steps * mostGapOf(steps, full),
    0,
  );
  return loops + published + each * (2 * steps + rests + edges);
}

/** A rest of the loop for every edge. */
export const plainWork = (steps: number, each: number): number =>
  (each * steps * (steps - 1) * (steps + 1)) / 6;
