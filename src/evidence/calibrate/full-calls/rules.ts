/**
 * Published rules that say which steps are full from what the model makes along one full loop, and never run another.
 * Numbers of their own (`MagCache`, NeurIPS 2025: 0.06, 3 in a row, the first fifth; `SmoothCache`: 0.08 to 0.35, 3 in a
 * row); where a number of full steps is asked for, the threshold that gives it is looked for.
 */

export interface Rule {
  /** The full steps, ascending from 0. */
  plan(threshold: number, mostInRow: number, warmup: number): number[];
  /** Every threshold at which the plan may change. */
  readonly thresholds: (mostInRow: number) => number[];
}

export const MOST_IN_ROW = 3;
/** Of the first steps, which MagCache keeps full. */
const WARMUP = 0.2;

/** @param ratios by step, the size of what was made to that of the step before; that of step 0 is not looked at */
export function magCache(ratios: readonly number[]): Rule {
  const errorsFrom = (step: number, most: number) => {
    const errors: number[] = [];
    let [product, error] = [1, 0];
    for (let t = step + 1; t < ratios.length && errors.length < most; t++) {
      product *= ratios[t]!;
      error += Math.abs(1 - product);
      errors.push(error);
    }
    return errors;
  };
  return {
    plan: (threshold, most, warmup) =>
      walk(ratios.length, warmup, (step) => {
        const errors = errorsFrom(step, most);
        const stop = errors.findIndex((error) => error > threshold);
        return stop < 0 ? errors.length : stop;
      }),
    thresholds: (most) => ratios.flatMap((_, step) => errorsFrom(step, most)),
  };
}

/** @param change how far what a step made is from what an earlier one made: the mean difference to the mean size */
export function smoothCache(steps: number, change: (step: number, before: number) => number): Rule {
  const errorsFrom = (step: number, most: number) =>
    Array.from({ length: Math.min(most, steps - 1 - step) }, (_, k) => change(step + 1 + k, step));
  return {
    plan: (threshold, most, warmup) =>
      walk(
        steps,
        warmup,
        // the longest that is near enough, whatever lies before
        (step) => errorsFrom(step, most).findLastIndex((error) => error <= threshold) + 1,
      ),
    thresholds: (most) => Array.from({ length: steps }, (_, step) => errorsFrom(step, most)).flat(),
  };
}

/** @param skipped how many steps behind a full one are not full */
function walk(steps: number, warmup: number, skipped: (step: number) => number): number[] {
  const full: number[] = [];
  for (let step = 0; step < steps; step += 1 + (step + 1 < warmup ? 0 : skipped(step)))
    full.push(step);
  return full;
}

export const warmupOf = (steps: number): number => Math.ceil(WARMUP * steps);

export interface RulePlan {
  readonly full: readonly number[];
  readonly threshold: number;
  readonly mostInRow: number;
  readonly warmup: number;
}

/**
 * The plan of a rule with exactly so many full steps. Where the published numbers allow no so few, the first steps that
 * are kept full are a fifth of the full ones, and more in a row may be left out; where no threshold gives just so many,
 * the longest gaps of the plan with fewer are halved.
 */
export function planOfSize(rule: Rule, steps: number, count: number, warms: boolean): RulePlan {
  const published = warmupOf(steps);
  const warmup = !warms ? 1 : 2 * published <= count ? published : Math.ceil(WARMUP * count);
  let mostInRow = MOST_IN_ROW;
  const fewest = () => rule.plan(Number.POSITIVE_INFINITY, mostInRow, warmup).length;
  while (fewest() > count) mostInRow++;
  const thresholds = [0, ...rule.thresholds(mostInRow).sort((a, b) => a - b)];
  const plans = thresholds.map((threshold) => ({
    threshold,
    full: rule.plan(threshold, mostInRow, warmup),
  }));
  const exact = plans.find(({ full }) => full.length === count);
  if (exact) return { ...exact, mostInRow, warmup };
  const fewer = plans.find(({ full }) => full.length < count)!;
  return { threshold: fewer.threshold, full: filled(fewer.full, steps, count), mostInRow, warmup };
}

function filled(full: readonly number[], steps: number, count: number): number[] {
  const all = [...full];
  while (all.length < count) {
    const gaps = all.map((step, i) => (all[i + 1] ?? steps) - step);
    const widest = gaps.indexOf(Math.max(...gaps));
    all.splice(widest + 1, 0, all[widest]! + Math.floor(gaps[widest]! / 2));
  }
  return all;
}
