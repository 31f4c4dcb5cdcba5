/** Two passes at once. */
import { evenSteps } from '../../runtime/schedule/index.js';
import {
  type Candidate,
  type Coordinates,
  FEWEST,
  ORDERS,
  originsOf,
  ROUNDING,
  type SearchSpace,
  stepsAt,
} from './candidate.js';
import { type Method, settled } from './method.js';
import { stepsIn } from './setting.js';

export interface Pair {
  /** Takes away whole steps, or what is left of them. */
  readonly outer: Method;
  readonly inner: Method;
}

/** Each two of different passes, the one that leaves less between full steps outside. */
export function pairsOf(
  singles: readonly { readonly method: Method; readonly score: number }[],
): Pair[] {
  const ranked = [...singles].sort((a, b) => b.score - a.score).map(({ method }) => method);
  return ranked.flatMap((a, i) =>
    ranked
      .slice(i + 1)
      .map((b) =>
        a.cost.between <= b.cost.between ? { outer: a, inner: b } : { outer: b, inner: a },
      ),
  );
}

/**
 * Two passes: of the steps that the outer one computes every `share`th is full, and the others keep what the inner one
 * does; or, where the outer one itself leaves much, both at the same steps.
 */
export function both(
  space: SearchSpace,
  budget: number,
  { outer, inner }: Pair,
  at: Coordinates,
): Candidate | undefined {
  const { loop, share } = at;
  const sampler = loop.withSteps(stepsAt(space, budget, at.stretch));
  const steps = stepsIn(sampler);
  const skips = outer.cost.between < SKIPS;
  const made =
    skips && share > 0
      ? nested(budget, steps, { outer, inner }, share)
      : together(budget, steps, { outer, inner });
  if (!made) return undefined;
  const { computed, full, cost } = made;
  const requestOf = (method: Method, which: readonly number[]) => ({
    pass: method.pass.name,
    options: settled(method, which, at.order ?? ORDERS[0]!),
  });
  return {
    at: (other) => both(space, other, { outer, inner }, at),
    cost,
    setting: {
      family: `${inner.pass.name} and ${outer.pass.name}`,
      passes: [...space.exact, requestOf(inner, full), requestOf(outer, computed)],
      sampler,
      ...originsOf(loop),
    },
  };
}

/** Below it a step that is not full counts as skipped. */
const SKIPS = 0.2;

interface Placed {
  readonly computed: readonly number[];
  readonly full: readonly number[];
  readonly cost: number;
}

function nested(
  budget: number,
  steps: number,
  { outer, inner }: Pair,
  share: number,
): Placed | undefined {
  const { between } = outer.cost;
  const placed = (count: number): Placed => {
    const computed = evenSteps(steps, count);
    const full = computed.filter((_, i) => i % share === 0 || i === count - 1);
    const cost =
      full.length * inner.cost.full +
      (count - full.length) * inner.cost.between +
      (steps - count) * between;
    return { computed, full, cost };
  };
  for (let count = steps - 1; count > FEWEST; count--) {
    const made = placed(count);
    if (made.cost <= budget + ROUNDING) return made;
  }
  return undefined;
}

function together(budget: number, steps: number, { outer, inner }: Pair): Placed | undefined {
  const full = Math.max(outer.cost.full, inner.cost.full);
  const between = outer.cost.between * inner.cost.between;
  const count = Math.floor((budget - steps * between) / (full - between) + ROUNDING);
  if (!(count >= FEWEST && count < steps)) return undefined;
  const at = evenSteps(steps, count);
  return { computed: at, full: at, cost: count * full + (steps - count) * between };
}
