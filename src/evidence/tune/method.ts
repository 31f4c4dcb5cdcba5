/** One part of the model that may be kept, by one pass, and the options that it comes to. */
import type { AnyPass } from '../../compiler/pass/index.js';
import type { StepCost } from './costs.js';
import { canonical } from './setting.js';

export type Options = Readonly<Record<string, unknown>>;

export interface Method {
  readonly pass: AnyPass;
  /** But for which steps are full and the order. */
  readonly options: Options;
  readonly cost: StepCost;
  /** Whether it has an order. */
  readonly forecasts: boolean;
}

/** A pass with a search of its own. */
export interface SearchedPass {
  readonly pass: AnyPass;
  /** Options, the strictest first. */
  readonly strictness: readonly Options[];
}

/** A pass, one of its choices, or something to start from, that is not tried, and why. */
export interface NotTried {
  readonly pass: string;
  readonly reason: string;
}

export const hasOrder = ({ options, fullSteps }: AnyPass, given: Options): boolean =>
  Object.hasOwn(options.properties, 'order') && fullSteps?.forecasts?.(given) !== false;

/** The options with so many full steps, or those that are listed, and an order. */
export function settled(
  { pass, options, forecasts }: Omit<Method, 'cost'>,
  full: number | readonly number[],
  order: number,
): Options {
  const rule = pass.fullSteps!;
  const placed =
    typeof full === 'number' ? rule.evenly(options, full) : rule.at(options, [...full]);
  return forecasts ? { ...placed, order } : placed;
}

/** The same for options that differ in nothing but which steps are full and by which order. */
export function methodKey(pass: AnyPass, options: Options): string {
  const { order: _, ...rest } = pass.fullSteps ? pass.fullSteps.at(options, [0]) : options;
  return canonical([pass.name, rest]);
}
