/** Making strategies, and asking what they come to. */
import {
  COMPUTE,
  type CompositeStrategy,
  type LeafStrategy,
  type PartChoice,
  type PlainSite,
  type SharedStrategy,
  type Site,
  type SiteBuilder,
  type Strategy,
  type StrategyBase,
} from './site.js';

/** A strategy of one region; most read nothing, keep nothing and have few members. */
export const strategyOf = (
  name: string,
  description: string,
  rest: Partial<Omit<LeafStrategy, 'kind' | 'name' | 'description'>> = {},
): LeafStrategy => ({ name, description, reads: [], writes: {}, ...rest });

/** A strategy of a site with parts; every part is computed unless said. */
export const compositeOf = (
  name: string,
  description: string,
  parts: PartChoice = () => ({}),
  rest: Partial<Omit<StrategyBase, 'name' | 'description'>> = {},
): CompositeStrategy => ({ kind: 'composite', name, description, parts, ...rest });

/** One that lets half of the rows stand for both, where `of.strategy` computes all. */
export const sharedOf = (
  name: string,
  description: string,
  parts: PartChoice,
  of: SharedStrategy['of'],
  rest: Partial<Omit<StrategyBase, 'name' | 'description'>> = {},
): SharedStrategy => ({ kind: 'shared', name, description, parts, of, ...rest });

/** As `strategies` of a site has them. */
export const strategiesByName = <S extends Strategy>(strategies: readonly S[]): Record<string, S> =>
  Object.fromEntries(strategies.map((strategy) => [strategy.name, strategy]));

/** The parts of a site; a site without parts is its own. */
export const partsOf = (site: Site): readonly PlainSite[] =>
  site.parts ? site.parts.map((part) => ({ ...part, parent: site.id })) : [site];

/** A strategy's parts at one call, each with its own strategy. */
export function chosenAt(
  site: Site,
  name: string,
  call: number,
): readonly (readonly [site: PlainSite, strategy: LeafStrategy])[] {
  if (!site.parts) return [[site, site.strategies[name]!]];
  const choices = site.strategies[name]!.parts(call);
  return site.parts.map((part) => [part, part.strategies[choices[part.id] ?? COMPUTE]!]);
}

/** The states that a strategy reads and can write at a call. */
export function statesAt(site: Site, name: string, call: number) {
  const chosen = chosenAt(site, name, call);
  return {
    reads: chosen.flatMap(([, { reads }]) => reads),
    writes: chosen.flatMap(([, { writes }]) => Object.keys(writes)),
  };
}

/**
 * A strategy with other states in place of its own.
 * @param idOf the state that stands for one
 */
export function withStates(strategy: LeafStrategy, idOf: (state: string) => string): LeafStrategy {
  const { produce, reads, writes } = strategy;
  const builder = (b: SiteBuilder): SiteBuilder => ({ ...b, state: (id) => b.state(idOf(id)) });
  return {
    ...strategy,
    reads: reads.map(idOf),
    ...(produce && { produce: (b) => produce(builder(b)) }),
    writes: Object.fromEntries(
      Object.entries(writes).map(([id, write]) => [idOf(id), (b) => write(builder(b))]),
    ),
  };
}
