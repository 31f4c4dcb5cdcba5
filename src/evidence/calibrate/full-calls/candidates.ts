/** Which full steps are tried, and how far loops with them end from the full loop. */
import { evenSteps } from '../../../runtime/schedule/index.js';
import {
  between,
  type EdgeSubject,
  gainAt,
  gainSteps,
  gains,
  gapGrid,
  rememberedErrors,
} from './edges.js';
import { distance, type FullLoop, orInfinite } from './full-loop.js';
import { ruleOf } from './kept-series.js';
import type { Memo } from './memo.js';
import { bestPath, OBJECTIVES, type PathProblem } from './paths.js';
import type { PUBLISHED_RULES } from './placement-rules.js';
import { MOST_IN_ROW, planOfSize, type RulePlan, warmupOf } from './rules.js';
import type { OpenVariant, Position, StepLoop } from './step-loop.js';

export type Placement = 'even' | (typeof OBJECTIVES)[number] | (typeof PUBLISHED_RULES)[number];

export interface Placed {
  readonly placement: Placement;
  readonly full: readonly number[];
  /** What the path search expects: the sum or the largest of the weights on the way. */
  readonly rule?: Omit<RulePlan, 'full'>;
}

/** The longest gap between full steps that is looked at. */
export const mostGapOf = (steps: number, full: number): number =>
  Math.min(steps, 2 * Math.ceil(steps / full));

/** Paths through edges that are weighed by the end of the loop. */
export async function pathsByEndError(
  memo: Memo,
  label: string,
  subject: EdgeSubject,
  full: number,
): Promise<Placed[]> {
  const problem = await weighedEdges(memo, label, subject, full);
  return OBJECTIVES.flatMap((objective) => {
    const found = bestPath(problem, objective);
    return found ? [{ placement: objective, full: found }] : [];
  });
}

/** The graph over steps with its weights. */
export async function weighedEdges(
  memo: Memo,
  label: string,
  subject: EdgeSubject,
  full: number,
): Promise<PathProblem> {
  const { loop, open } = subject;
  const steps = loop.length;
  const usual = Math.max(1, Math.round(steps / full));
  const mostGap = mostGapOf(steps, full);
  const history = open.variant.depth > 1;
  // where a call that is not full runs nothing, every gap is measured
  const free = open.programs.otherShare === 0;
  const every = Array.from({ length: mostGap }, (_, i) => i + 1);
  const grid = !history ? [1] : free ? every : gapGrid(mostGap, usual);
  const errors = await rememberedErrors(memo, label, subject, grid, mostGap);
  const known: [number, number][] = [];
  for (const step of gainSteps(steps)) {
    // what becomes of an error depends little on what made it, so that all variants share these
    const [gain] = await memo.of(`gain ${step}`, async () => [await gainAt(subject, usual, step)]);
    known.push([step, gain!]);
  }
  const gain = gains(steps, known);
  return {
    steps,
    full,
    mostGap,
    history,
    weight: (gap, from, to) => between(grid, errors[from]!, gap, to - from - 1) * gain(to),
  };
}

/** @param asked the number of full steps, or a threshold of the rule's own */
export function placedByRule(
  name: (typeof PUBLISHED_RULES)[number],
  whole: FullLoop,
  asked: { readonly full: number } | { readonly threshold: number },
): Placed {
  const steps = whole.positions.length - 1;
  const rule = ruleOf(name, whole);
  const warms = name === 'magcache';
  if ('full' in asked) {
    const { full, ...numbers } = planOfSize(rule, steps, asked.full, warms);
    return { placement: name, full, rule: numbers };
  }
  const warmup = warms ? warmupOf(steps) : 1;
  const numbers = { threshold: asked.threshold, mostInRow: MOST_IN_ROW, warmup };
  return {
    placement: name,
    full: rule.plan(asked.threshold, MOST_IN_ROW, warmup),
    rule: numbers,
  };
}

export const evenly = (steps: number, full: number): Placed => ({
  placement: 'even',
  full: evenSteps(steps, full),
});

/** The end of a loop in which some steps are full. @throws DENOISE_NOT_FINITE */
export async function endOf(
  loop: StepLoop,
  { positions }: FullLoop,
  open: OpenVariant,
  full: readonly number[],
): Promise<Float32Array> {
  const isFull = new Set(full);
  let at: Position = positions[0]!;
  while (at.step < loop.length) at = await loop.next(at, open, isFull.has(at.step));
  return at.trajectory.latent;
}

/** How far such a loop ends from the full loop, relative to the size of what that ends with. */
export const endError = (
  loop: StepLoop,
  whole: FullLoop,
  open: OpenVariant,
  full: readonly number[],
): Promise<number> =>
  orInfinite(
    endOf(loop, whole, open, full).then(
      (end) => distance(end, whole.positions.at(-1)!.trajectory.latent) / whole.size,
    ),
  );
