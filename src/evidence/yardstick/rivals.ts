/** Fewer steps at the cost of a plan: each sampler that the model can be run with, at each way to space its steps. */
import { StepfoldError } from '../../errors/index.js';
import {
  type NoisePath,
  type NoisePathOptions,
  noisePath,
  type PathName,
  type Sampler,
  type SamplerName,
  SOLVERS,
  type Solver,
  samplerFrom,
  solverOf,
  type TimestepSpacing,
} from '../../runtime/samplers/index.js';

/** A sampler with its options but for its steps, as searches take it. */
export type SamplerChoice = { readonly name: SamplerName } & Readonly<Record<string, unknown>>;

/** A sampler with all that its loop is made of. */
export type LoopChoice = SamplerChoice & { readonly steps: number };

export interface Rival {
  /** As people call it: `unipc, order 3`. */
  readonly name: string;
  /** Left out where the sampler places its steps in a way of its own. */
  readonly spacing?: string;
  readonly sampler: Sampler;
  /** What the sampler is made of. */
  readonly choice: LoopChoice;
  /** Whether it is the sampler of the loop itself. */
  readonly own: boolean;
}

/** Of timesteps, and that of noise levels by Karras et al. (arXiv 2206.00364, equation 5). */
const SPACINGS = ['trailing', 'linear', 'leading', 'quad', 'karras'] as const;
type Spacing = TimestepSpacing | 'karras';
/** Of samplers of any order: 1 is another sampler. */
const ORDERS = [2, 3];
const ALL: readonly (Solver & { readonly name: SamplerName })[] = SOLVERS;
/** Along a straight path levels are placed by the shift too: by that of the training, by less, and by none. */
function shiftsOf(own: SamplerChoice): readonly (number | undefined)[] {
  const schedule = (own['schedule'] ?? {}) as Extract<NoisePathOptions, { path: 'flow' }>;
  const { shift = 1, dynamicShift = false, mu } = schedule;
  const isOne = dynamicShift || mu !== undefined || !(shift > 1);
  return isOne || pathNameOf(own) !== 'flow' ? [undefined] : [undefined, Math.sqrt(shift), 1];
}

/** As many steps as a loop is taken to have converged in. */
const MANY = 1000;

const pathNameOf = (own: SamplerChoice): PathName =>
  (own['schedule'] as NoisePathOptions | undefined)?.path ?? solverOf(own.name).path;

/**
 * What does not depend on the sampler: the model's prediction, its noise path, in which numbers it is told where it is on that,
 * and where pixels end.
 */
const ofModel = (own: SamplerChoice) => ({
  prediction: own['prediction'] ?? solverOf(own.name).options.prediction.default,
  schedule: { ...(own['schedule'] as object | undefined), path: pathNameOf(own) },
  ...(own['timestepScale'] !== undefined && { timestepScale: own['timestepScale'] }),
  ...(own['clip'] !== undefined && { clip: own['clip'] }),
});

/** Steps in the noise level of a straight path are of that one alone; all others go along any path. */
const goesAlong = (solver: { readonly path: PathName }, path: PathName) =>
  solver.path === path || solver.path !== 'flow';

const pathOf = (own: SamplerChoice): NoisePath => noisePath(ofModel(own).schedule);

/**
 * @param wanted steps that each may take
 * @param left the part of the loop that is left out before them
 */
export function rivals(own: SamplerChoice, wanted: number, left = 0): Rival[] {
  const { trainTimesteps } = pathOf(own);
  // some spacings place one more point, where no call is made
  const calls = Math.min(Math.round(wanted / (1 - left)), trainTimesteps - 1);
  const made = (
    name: string,
    choice: SamplerChoice,
    isOwn: boolean,
    spacing?: Spacing,
    shift?: number,
  ): Rival => {
    const { name: solver, ...options } = choice;
    const where = {
      ...(spacing !== undefined && placing(spacing)),
      ...(shift !== undefined && { schedule: { ...(options['schedule'] as object), shift } }),
    };
    const steps = stepsOfCalls(solver, calls);
    const start = left === 0 ? 0 : Math.max(0, steps - stepsOfCalls(solver, wanted));
    const made = { ...options, ...where, steps, ...(start > 0 && { start }) };
    return {
      name,
      own: isOwn,
      ...(spacing !== undefined && {
        spacing:
          shift === undefined ? spacing : `${spacing}, shift ${Number(shift.toPrecision(2))}`,
      }),
      sampler: samplerFrom(solver, made),
      choice: { name: solver, ...made },
    };
  };
  const everywhere = (name: string, choice: SamplerChoice, isOwn: boolean): Rival[] =>
    shiftsOf(own).flatMap((shift) =>
      SPACINGS.flatMap((spacing) => orNone(() => made(name, choice, isOwn, spacing, shift)) ?? []),
    );
  const { timesteps: _, ...itself } = own;
  const placesItself = (own['levels'] ?? 'spaced') !== 'spaced';
  const all = placesItself
    ? [made(own.name, itself as SamplerChoice, true)]
    : everywhere(own.name, itself as SamplerChoice, true);
  for (const solver of ALL) {
    // what draws noise ends at other pictures with other steps
    if (!goesAlong(solver, pathNameOf(own)) || solver.drawsNoise) continue;
    const { name, options } = solver;
    const orders = Object.hasOwn(options, 'order') ? ORDERS : [undefined];
    for (const order of orders) {
      if (name === own.name && (order === undefined || order === (own['order'] ?? 2))) continue;
      const choice = { name, ...ofModel(own), ...(order !== undefined && { order }) };
      const label = order === undefined ? name : `${name}, order ${order}`;
      all.push(...everywhere(label, choice, false));
    }
  }
  return all;
}

/** The fewest steps that make no fewer calls. */
function stepsOfCalls(name: SamplerName, calls: number): number {
  const { calls: rule } = solverOf(name);
  let steps = rule ? 1 : calls;
  while (rule && rule.count(steps) < calls) steps++;
  return steps;
}

const placing = (spacing: Spacing) =>
  spacing === 'karras' ? { levels: 'karras' } : { spacing, offset: 0 };

/** A loop of so many steps that more would change nothing, or of the most that there are. */
export function convergedSampler(own: SamplerChoice, left = 0): Sampler {
  const { name, ...options } = convergedChoice(own, left);
  return samplerFrom(name, options);
}

/** What that loop is made of. */
export function convergedChoice(own: SamplerChoice, left = 0): LoopChoice {
  const { trainTimesteps } = pathOf(own);
  const path = pathNameOf(own);
  const steps = Math.min(MANY, trainTimesteps);
  const along = ALL.filter((solver) => goesAlong(solver, path) && !solver.drawsNoise);
  const made = [...along.filter((solver) => solver.path === path), ...along].flatMap(
    ({ name, options, arrivalPoint }) =>
      orNone(() => {
        const choice = {
          ...ofModel(own),
          steps: arrivalPoint ? steps - 1 : steps,
          ...(left > 0 && { start: Math.round(left * steps) }),
          spacing: options.spacing.default,
        };
        samplerFrom(name, choice);
        return { name, ...choice };
      }) ?? [],
  );
  return made[0]!;
}

/** Not every sampler goes along every path, or starts where no signal is left. */
function orNone<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof StepfoldError) return undefined;
    throw error;
  }
}
