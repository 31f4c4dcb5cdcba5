/** What a pass proposes where any steps may be full: one variant for each way to forecast. */
import { checkOptions, type Pass, type PassContext } from '../../../compiler/pass/index.js';
import {
  COMPUTE,
  chosenAt,
  Histories,
  type ParameterSpec,
  type Proposal,
  partsOf,
} from '../../../compiler/plan/index.js';
import { fullStepNotComputed, keepsWhileNotFull } from '../../../errors/index.js';
import { evenSteps, stepsOfCalls } from '../../../runtime/schedule/index.js';

export interface ForecastChoice {
  readonly order: number;
  readonly basis: string;
}

/** What is tried where nothing is asked for: taking what was kept as it is, and polynomials of low degree. */
const ORDERS = [0, 1, 2];
const BASES = ['lagrange', 'hermite'];

export interface Variant {
  /** Left out where the pass has no forecasts. */
  readonly forecast?: ForecastChoice;
  /** The pass's options but for which steps are full. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly proposal: Proposal;
  readonly histories: Histories;
  /** By id. */
  readonly parameters: ReadonlyMap<string, ParameterSpec>;
  /** How many values of a state it takes. */
  readonly depth: number;
}

export const variantLabel = ({ forecast }: Variant): string =>
  forecast === undefined
    ? 'as kept'
    : forecast.order === 0
      ? 'order 0'
      : `order ${forecast.order}, ${forecast.basis}`;

type Options = Readonly<Record<string, unknown>>;

/** The options of each variant: those given, and what is left open in every way. */
export function variantOptions<O>(pass: Pass<O>, given: Options): Options[] {
  const { properties } = pass.options;
  const has = Object.hasOwn(properties, 'order') && Object.hasOwn(properties, 'basis');
  if (!has || pass.fullSteps!.forecasts?.(given) === false) return [given];
  const orders = given['order'] === undefined ? ORDERS : [Number(given['order'])];
  const bases = given['basis'] === undefined ? BASES : [String(given['basis'])];
  return orders.flatMap((order) =>
    // a basis has no say where the last value is taken as it is
    (order === 0 ? bases.slice(0, 1) : bases).map((basis) => ({ ...given, order, basis })),
  );
}

/**
 * @throws CALIBRATE_FULL_STEP where a full step leaves a site uncomputed, or another keeps something
 */
export function proposeVariant<O>(pass: Pass<O>, options: Options, context: PassContext): Variant {
  const steps = stepsOfCalls(context.calls, context.guidance);
  const propose = (full: readonly number[]) =>
    pass.propose(context, checkOptions(pass, pass.fullSteps!.at(options, full)));
  const all = propose(evenSteps(steps, steps));
  for (const site of all.sites) {
    const call = (all.entries[site.id] ?? []).findIndex((name) => name !== COMPUTE);
    if (call >= 0) throw fullStepNotComputed(pass.name, site.id, call);
  }
  const proposal = propose([0]);
  for (const site of proposal.sites)
    for (const [call, name] of (proposal.entries[site.id] ?? []).entries())
      if (name !== COMPUTE)
        for (const [, { writes }] of chosenAt(site, name, call))
          if (Object.keys(writes).length > 0) throw keepsWhileNotFull(pass.name, site.id, name);
  const parts = proposal.sites.flatMap(partsOf);
  const histories = new Histories(parts);
  const states = parts.flatMap((part) => part.states.map(({ id }) => histories.placeOf(id).root));
  const order = options['order'] === undefined ? undefined : Number(options['order']);
  const chosen = order !== undefined && { order, basis: String(options['basis'] ?? 'lagrange') };
  return {
    ...(chosen && { forecast: chosen }),
    options,
    proposal,
    histories,
    parameters: new Map(
      parts.flatMap(({ parameters = [] }) => parameters.map((spec) => [spec.id, spec] as const)),
    ),
    depth: Math.max(1, ...states.map((root) => histories.depthOf(root))),
  };
}
