/**
 * Sites in a loop whose guidance takes two calls a step, one for each half. What such a call keeps is of
 * use to later calls of the same half only, so every state is there twice.
 */
import { callsPerStep, type GuidancePair } from '../../runtime/schedule/index.js';
import { COMPUTE, type Site, type SiteBuilder, type Strategy } from './site.js';
import { strategiesByName, strategyOf } from './strategies.js';

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
  const parts = site.parts ?? [partOf(site)];
  /** What a strategy of the site is at one call: a strategy of each part. */
  const chosen = ({ name, parts: choices }: Strategy, call: number) =>
    parts.map((part) => {
      const choice = choices ? (choices(call)[part.id] ?? COMPUTE) : name;
      return [part, part.strategies[choice]!] as const;
    });
  const strategies = Object.values(site.strategies).map((strategy): Strategy => {
    const { name, description, program, moreExact, cost } = strategy;
    return {
      name,
      description,
      reads: [],
      writes: {},
      ...(program !== undefined && { program }),
      ...(moreExact && { moreExact }),
      ...(cost !== undefined && { cost }),
      parts: (call) =>
        Object.fromEntries(
          chosen(strategy, call).map(([part, own]) => [
            part.id,
            isTheSame(own) ? own.name : named(own.name, halfOf(call)),
          ]),
        ),
      touches(call) {
        const own = chosen(strategy, call).map(([, choice]) => choice);
        const ofHalf = (states: readonly string[]) => states.map((id) => named(id, halfOf(call)));
        return {
          reads: ofHalf(own.flatMap((choice) => choice.reads)),
          writes: ofHalf(own.flatMap((choice) => Object.keys(choice.writes))),
        };
      },
    };
  });
  return {
    ...site,
    states: [],
    parts: parts.map(doubled),
    strategies: strategiesByName(strategies),
  };
}

/** A site without parts as its own only part. */
const partOf = (site: Site): Site => ({ ...site, id: `${site.id}.value` });

/** Does a strategy treat both halves alike, since it keeps nothing and takes nothing kept? */
const isTheSame = ({ reads, writes }: Strategy): boolean =>
  reads.length === 0 && Object.keys(writes).length === 0;

function doubled(part: Site): Site {
  const strategies = Object.values(part.strategies).flatMap((strategy) =>
    isTheSame(strategy) ? [strategy] : HALVES.map((half) => ofHalf(strategy, half)),
  );
  const compute = strategyOf(COMPUTE, 'run it, and keep nothing');
  return {
    ...part,
    states: part.states.flatMap((state) =>
      HALVES.map((half) => ({ ...state, id: named(state.id, half) })),
    ),
    strategies: {
      [COMPUTE]: compute,
      ...strategiesByName(strategies),
    },
  };
}

function ofHalf(strategy: Strategy, half: Half): Strategy {
  const { produce } = strategy;
  const builder = (b: SiteBuilder): SiteBuilder => ({
    ...b,
    state: (id) => b.state(named(id, half)),
  });
  return {
    ...strategy,
    name: named(strategy.name, half),
    reads: strategy.reads.map((id) => named(id, half)),
    ...(produce && { produce: (b) => produce(builder(b)) }),
    writes: Object.fromEntries(
      Object.entries(strategy.writes).map(([id, write]) => [
        named(id, half),
        (b) => write(builder(b)),
      ]),
    ),
  };
}
