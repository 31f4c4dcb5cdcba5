/** Fewer steps at a cost, with every sampler at every spacing; what approximates nothing goes along. */
import { StepfoldError } from '../../errors/index.js';
import { type LoopChoice, partLeftOut, rivals } from '../yardstick/index.js';
import { type Candidate, originsOf, ROUNDING, type SearchSpace } from './candidate.js';
import { bestOf, type Judge } from './descent.js';
import { gammaLoop, type Loop, loopLike } from './loop.js';
import { canonical, keyOf, samplerIn, stepsIn } from './setting.js';

/** The family of those that leave nothing out. */
export const FEWER = 'fewer steps';

type Space = Pick<SearchSpace, 'own' | 'exact' | 'exactCost'>;

/** One of them, whose loop methods are tried in. */
export interface Rival extends Candidate {
  readonly loop: Loop;
}

export function rivalsAt(space: Space, budget: number): Rival[] {
  const steps = stepsAt(space, budget);
  const left = partLeftOut(samplerIn(space.own));
  // of a sampler whose steps take two calls there may be none of just so many
  const all = [steps, steps - 1].flatMap((count) =>
    count < 1 ? [] : rivals(space.own, count, left),
  );
  const found = new Map<string, Rival>();
  for (const { choice } of all) {
    const kind = kindOf(choice);
    if (found.has(kind) || stepsIn(choice) > steps) continue;
    found.set(kind, {
      ...fewer(space, choice, (other) =>
        rivalsAt(space, other).find(({ setting }) => kindOf(setting.sampler) === kind),
      ),
      loop: loopLike(choice),
    });
  }
  return [...found.values()];
}

const stepsAt = ({ exactCost }: Space, budget: number): number =>
  Math.floor(budget / exactCost + ROUNDING);

/** A loop with nothing left out of its steps. */
const fewer = (
  { exact, exactCost }: Space,
  sampler: LoopChoice,
  at: (budget: number) => Candidate | undefined,
  origins: Pick<Candidate['setting'], 'origins'> = {},
): Candidate => ({
  setting: { family: FEWER, passes: exact, sampler, ...origins },
  cost: stepsIn(sampler) * exactCost,
  at,
});

/** But for the number of steps. */
const kindOf = ({ steps: _, start: __, timesteps: ___, ...kind }: LoopChoice): string =>
  canonical(kind);

/** Octaves of gamma: first these, then those beside the best. */
const COARSE = [-1, -0.5, 0.5, 1];
const FINE = [-0.25, 0.25];

/** The best of a sampler over timesteps that crowd at one end; undefined where its steps are no timesteps. */
export async function bestGamma(
  space: Space,
  budget: number,
  sampler: LoopChoice,
  judge: Judge,
): Promise<Rival | undefined> {
  const made = (all: readonly number[]) =>
    all.flatMap((octaves) => {
      const candidate = gammaAt(space, budget, sampler, 2 ** octaves);
      return candidate ? [{ octaves, candidate }] : [];
    });
  const coarse = await bestOf(made(COARSE), judge);
  if (!coarse) return undefined;
  const beside = FINE.map((more) => coarse.octaves + more);
  return (await bestOf(made(beside), judge, coarse))?.candidate;
}

function gammaAt(
  space: Space,
  budget: number,
  sampler: LoopChoice,
  gamma: number,
): Rival | undefined {
  const steps = stepsAt(space, budget);
  if (steps < 2) return undefined;
  try {
    const loop = gammaLoop(sampler, gamma);
    const at = (other: number) => gammaAt(space, other, sampler, gamma);
    return loop && { ...fewer(space, loop.withSteps(steps), at, originsOf(loop)), loop };
  } catch (error) {
    // not every sampler goes over every list
    if (error instanceof StepfoldError) return undefined;
    throw error;
  }
}

/** Of equal settings the first. */
export const distinct = (candidates: readonly Candidate[]): Candidate[] => {
  const found = new Map<string, Candidate>();
  for (const one of candidates) {
    const key = keyOf(one.setting);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
};
