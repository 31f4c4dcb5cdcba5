/** Full steps where the end of the loop needs them, in place of even distances: of the best few families, once the rest is settled. */
import { evenSteps } from '../../runtime/schedule/index.js';
import {
  type Candidate,
  costOf,
  FEWEST,
  fullStepsWithin,
  ORDERS,
  type SearchSpace,
} from './candidate.js';
import { type Method, settled } from './method.js';
import { type Setting, stepsIn } from './setting.js';

/** Families whose full steps are searched. */
const PLANNED = 2;

interface Best {
  readonly choice: { readonly method: Method };
  readonly candidate: Candidate;
  readonly score: number;
}

/** @param singles of each pass the best */
export async function plannedOf(
  space: SearchSpace,
  singles: readonly Best[],
): Promise<Candidate[]> {
  const best = [...singles].sort((a, b) => b.score - a.score).slice(0, PLANNED);
  const found: Candidate[] = [];
  for (const { choice, candidate } of best) {
    const { method } = choice;
    const { setting } = candidate;
    const { options } = setting.passes.at(-1)!;
    const before = method.pass.fullSteps?.of?.(options, stepsIn(setting.sampler));
    if (!before) continue;
    const order = Number(options['order'] ?? ORDERS[0]);
    const full = await space.planner?.fullSteps({
      method,
      order,
      sampler: setting.sampler,
      full: before.length,
    });
    // the same steps would be the same loop again
    if (full && full.join() !== before.join())
      found.push(placed(space, method, { order, setting }, full));
  }
  return found;
}

/** At another cost fewer of them, or none where it would take more. */
function placed(
  space: SearchSpace,
  method: Method,
  like: { readonly order: number; readonly setting: Setting },
  full: readonly number[],
): Candidate {
  const { family, sampler, origins = [] } = like.setting;
  const steps = stepsIn(sampler);
  const options = settled(method, full, like.order);
  return {
    at(budget) {
      const count = fullStepsWithin(method, budget, steps);
      if (count < FEWEST || count > full.length) return undefined;
      const left = evenSteps(full.length, count).map((i) => full[i]!);
      return placed(space, method, like, left);
    },
    cost: costOf(method, steps, full.length),
    setting: {
      family,
      passes: [...space.exact, { pass: method.pass.name, options }],
      sampler,
      origins: [...origins, 'full steps by where the loop ends'],
    },
  };
}
