/** What a search tries: a setting that costs what is asked for, and how it would be at another cost. */
import type { LoopChoice } from '../yardstick/index.js';
import type { Loop } from './loop.js';
import { type Method, type Options, settled } from './method.js';
import type { Methods } from './methods.js';
import type { Planner } from './planner.js';
import { type Setting, stepsIn } from './setting.js';

export interface SearchSpace extends Methods {
  readonly own: LoopChoice;
  /** Steps of a loop under methods: those that run no denoiser cost little, but not nothing. */
  readonly mostSteps: number;
  /** Left out: nothing is planned. */
  readonly planner?: Planner;
}

export interface Candidate {
  readonly setting: Setting;
  /** In steps of the source, as costs are known before it runs. */
  readonly cost: number;
  /** The same at another cost, or undefined where there is none. */
  readonly at?: (budget: number) => Candidate | undefined;
}

/** The numbers of a family. */
export interface Coordinates {
  readonly loop: Loop;
  /** Steps of the loop, in steps that are paid for. */
  readonly stretch: number;
  /** Undefined: that of the setting that it starts from. */
  readonly order: number | undefined;
  /** How full steps are placed: 0 at even distances, else by a placement of the pass. */
  readonly placement: number;
  /** Of computed steps one is full, where two passes share them; 0: both are full at the same steps. */
  readonly share: number;
}

/** Something whose numbers are searched. */
export interface Choice {
  /** What it varies, but for the loop, in the order in which it is tried. */
  readonly first: readonly Omit<Coordinates, 'loop'>[];
  /** The candidate at coordinates, or undefined where there is none at this cost. */
  make(at: Coordinates): Candidate | undefined;
}

/** Costs are sums of products. */
export const ROUNDING = 1e-9;
export const FEWEST = 2;
export const ORDERS = [1, 2, 0];
export const STRETCHES = [2, 1.4, 3];
export const SHARES = [2, 0, 3];
export const PLACEMENTS = [0, 1, 2, 3, 4, 5];

/** What is there at one stretch, or for one share, may not be at another. */
export const FIRST: Choice['first'] = [0, 1].map((i) => ({
  stretch: STRETCHES[i]!,
  order: ORDERS[0],
  placement: PLACEMENTS[0]!,
  share: SHARES[i]!,
}));

export const stepsAt = (
  { mostSteps }: Pick<SearchSpace, 'mostSteps'>,
  budget: number,
  stretch: number,
): number => Math.min(mostSteps, Math.round(budget * stretch));

/** One pass, with as many full steps as the cost allows. */
export function single(
  space: SearchSpace,
  budget: number,
  method: Method,
  at: Coordinates,
): Candidate | undefined {
  const sampler = at.loop.withSteps(stepsAt(space, budget, at.stretch));
  const steps = stepsIn(sampler);
  const count = fullStepsWithin(method, budget, steps);
  if (!(count >= FEWEST && count < steps)) return undefined;
  const { pass } = method;
  const placed = placedOptions(method, count, steps, at);
  if (!placed) return undefined;
  return {
    at: (other) => single(space, other, method, at),
    cost: costOf(method, steps, placed.full),
    setting: {
      family: pass.name,
      passes: [...space.exact, { pass: pass.name, options: placed.options }],
      sampler,
      ...originsOf(at.loop),
    },
  };
}

/** Undefined where the pass has no such placement. */
function placedOptions(
  method: Method,
  count: number,
  steps: number,
  { placement, order = ORDERS[0]! }: Coordinates,
): { readonly options: Options; readonly full: number } | undefined {
  if (placement === 0) return { options: settled(method, count, order), full: count };
  const { tuning, fullSteps } = method.pass;
  const found = tuning?.placements?.(count, steps)[placement - 1];
  if (!found || !fullSteps?.of) return undefined;
  const options = { ...method.options, ...found, ...(method.forecasts && { order }) };
  const full = fullSteps.of(options, steps).length;
  return full < steps ? { options, full } : undefined;
}

/** How many steps can be full at a cost. */
export const fullStepsWithin = ({ cost }: Method, budget: number, steps: number): number =>
  Math.floor((budget - steps * cost.between) / (cost.full - cost.between) + ROUNDING);

/** Of a loop in which so many steps are full. */
export const costOf = ({ cost }: Method, steps: number, full: number): number =>
  full * cost.full + (steps - full) * cost.between;

/** Where a setting comes from, if from anywhere but the search. */
export function originsOf(
  { origin }: Loop,
  ...others: readonly string[]
): Pick<Setting, 'origins'> {
  const origins = [...others, ...(origin === undefined ? [] : [origin])];
  return origins.length > 0 ? { origins } : {};
}
