/** Plans that a pass's own search finds, by how strict it is: their cost is known only when they are there. */
import {
  type Candidate,
  FEWEST,
  originsOf,
  ROUNDING,
  type SearchSpace,
  stepsAt,
} from './candidate.js';
import type { Judge } from './descent.js';
import type { Loop } from './loop.js';
import type { SearchedPass } from './method.js';
import { stepsIn } from './setting.js';

/** Of the loop that a plan is searched in, in steps that are paid for: such plans save a part of each. */
const STRETCH = 1.4;
/** Steps by which a loop is made shorter until it costs no more than is asked for. */
const SHORTER = 3;

/** The best of a pass over how strict its search is: the middle first, then on to the side that is better. */
export async function bestSearched(
  space: SearchSpace,
  budget: number,
  pass: SearchedPass,
  loop: Loop,
  judge: Judge,
): Promise<Candidate | undefined> {
  const last = pass.strictness.length - 1;
  const middle = Math.floor(last / 2);
  let best: { readonly candidate: Candidate; readonly score: number } | undefined;
  const attempt = async (at: number): Promise<boolean> => {
    const candidate = await searchedAt(space, budget, pass, at, loop);
    if (!candidate) return false;
    await judge.prepare([candidate], 1);
    const score = await judge.score(candidate, 1);
    if (score === undefined || (best && score <= best.score)) return false;
    best = { candidate, score };
    return true;
  };
  await attempt(middle);
  const looser = Math.ceil((middle + last) / 2);
  if (looser > middle && (await attempt(looser))) {
    if (last > looser) await attempt(last);
  } else if (middle > 0) await attempt(0);
  return best?.candidate;
}

async function searchedAt(
  space: SearchSpace,
  budget: number,
  { pass, strictness }: SearchedPass,
  at: number,
  loop: Loop,
): Promise<Candidate | undefined> {
  const { planner } = space;
  const options = strictness[at]!;
  const found = await planner?.plan({
    pass,
    options,
    sampler: loop.withSteps(stepsAt(space, budget, STRETCH)),
  });
  if (!planner || !found) return undefined;
  const asked = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
  const withSteps = (steps: number, ratio: number): Candidate => {
    const sampler = loop.withSteps(steps);
    return {
      at: (other) => {
        const fewer = Math.floor(other / ratio + ROUNDING);
        return fewer < FEWEST ? undefined : withSteps(Math.min(fewer, space.mostSteps), ratio);
      },
      cost: ratio * stepsIn(sampler),
      setting: {
        family: pass.name,
        passes: [...space.exact, { pass: pass.name, options }],
        plan: found,
        sampler,
        ...originsOf(loop, `plan searched at ${asked.join(', ')}`),
      },
    };
  };
  const ratioOf = async (one: Candidate) => {
    const cost = await planner.cost(one.setting);
    return cost && cost / stepsIn(one.setting.sampler);
  };
  let ratio = await ratioOf(withSteps(stepsAt(space, budget, STRETCH), 1));
  for (let i = 0; i < SHORTER && ratio; i++) {
    const steps = Math.min(space.mostSteps, Math.floor(budget / ratio + ROUNDING));
    if (steps < FEWEST) return undefined;
    const there = await ratioOf(withSteps(steps, ratio));
    if (there && there * steps <= budget + ROUNDING) return withSteps(steps, there);
    ratio = there;
  }
  return undefined;
}
