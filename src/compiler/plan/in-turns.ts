/**
 * Sites in a loop whose guidance takes two calls a step, one for each half. What such a call keeps is of
 * use to later calls of the same half only, so every state is there twice.
 */
import { callsPerStep, type GuidancePair } from '../../runtime/schedule/index.js';
import {
  COMPUTE,
  type CompositeSite,
  type LeafStrategy,
  type ParameterSpec,
  type PartChoice,
  type PlainSite,
  type Site,
} from './site.js';
import { chosenAt, strategiesByName, strategyOf, withStates } from './strategies.js';

/** Of the first and the second call of each step. */
const HALVES = ['first', 'second'] as const;
type Half = (typeof HALVES)[number];

const halfOf = (call: number): Half => HALVES[call % 2]!;
const named = (name: string, half: Half): string => `${name}.${half}`;

/** One strategy per step as one per call. */
export const perCall = (column: readonly string[], guidance: GuidancePair | undefined): string[] =>
  column.flatMap((name) => Array<string>(callsPerStep(guidance)).fill(name));

/** The site as it is, or with states for each half where the halves have calls of their own. */
export function byHalf(site: Site, guidance: GuidancePair | undefined): Site {
  if (guidance?.mode !== 'two-calls') return site;
  const whole: CompositeSite = site.parts ? site : onePart(site);
  /** The parts of a strategy at one call, of the half that the call is. */
  const choiceOf =
    (name: string): PartChoice =>
    (call) =>
      Object.fromEntries(
        chosenAt(whole, name, call).map(([part, own]) => [
          part.id,
          isTheSame(own) ? own.name : named(own.name, halfOf(call)),
        ]),
      );
  return {
    ...whole,
    parts: whole.parts.map(doubled),
    strategies: strategiesByName(
      Object.values(whole.strategies).map((strategy) => ({
        ...strategy,
        parts: choiceOf(strategy.name),
      })),
    ),
  };
}

/** A region as the only part of a site. */
function onePart(site: PlainSite): CompositeSite {
  const { states, within, parent, strategies, ...placed } = site;
  const part: PlainSite = { ...site, id: `${site.id}.value` };
  const composites = Object.values(strategies).map(({ reads, writes, produce, ...strategy }) => ({
    ...strategy,
    kind: 'composite' as const,
    parts: () => ({ [part.id]: strategy.name }),
  }));
  return { ...placed, parts: [part], strategies: strategiesByName(composites) };
}

/** Does a strategy treat both halves alike, since it keeps nothing and takes nothing kept? */
const isTheSame = ({ reads, writes }: LeafStrategy): boolean =>
  reads.length === 0 && Object.keys(writes).length === 0;

/** What was written is what calls of the same half wrote. */
const parameterOfHalf = (parameter: ParameterSpec, half: Half): ParameterSpec => ({
  ...parameter,
  id: named(parameter.id, half),
  at: ({ call, written }) =>
    parameter.at({ call, written: (state) => written(named(state, half)) }),
  ...(parameter.forecast && {
    forecast: { ...parameter.forecast, state: named(parameter.forecast.state, half) },
  }),
});

function doubled(part: PlainSite): PlainSite {
  const strategies = Object.values(part.strategies).flatMap((strategy) =>
    isTheSame(strategy)
      ? [strategy]
      : HALVES.map((half) => ({
          ...withStates(strategy, (id) => named(id, half)),
          name: named(strategy.name, half),
        })),
  );
  return {
    ...part,
    states: part.states.flatMap((state) =>
      HALVES.map((half) => ({
        ...state,
        id: named(state.id, half),
        ...(state.follows !== undefined && { follows: named(state.follows, half) }),
      })),
    ),
    ...(part.parameters && {
      parameters: part.parameters.flatMap((parameter) =>
        HALVES.map((half) => parameterOfHalf(parameter, half)),
      ),
    }),
    strategies: {
      [COMPUTE]: strategyOf(COMPUTE, 'run it, and keep nothing'),
      ...strategiesByName(strategies),
    },
  };
}
