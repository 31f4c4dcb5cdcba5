/** Passes by name, and the strategies that they state: what is handed to whoever meets those names in a file. */
import { passNameTaken, strategyNameTaken } from '../../errors/index.js';
import { forecastOf } from '../forecast/index.js';
import { COMPUTE } from '../plan/index.js';
import { forecastMeaning, type StrategyStatement, sameMeaning } from './meaning.js';
import type { Pass } from './pass.js';

/** A pass whose options are its own business. */
export type AnyPass = Pass<never>;

/** By the name of the strategy, as schedules and plans have it: first `compute`, then in the order of the passes. */
export type KnownStrategies = ReadonlyMap<string, StrategyStatement>;

export interface PassTable {
  readonly passes: ReadonlyMap<string, AnyPass>;
  readonly strategies: KnownStrategies;
}

/**
 * A schedule names strategies and no passes, so that one name must mean one thing.
 * @throws PASS_NAME_TAKEN, PASS_STRATEGY_TAKEN
 */
export function passTable(list: readonly AnyPass[]): PassTable {
  const passes = new Map<string, AnyPass>();
  for (const pass of list) {
    if (passes.has(pass.name)) throw passNameTaken(pass.name);
    passes.set(pass.name, pass);
  }
  const strategies = new Map<string, StrategyStatement>([
    [COMPUTE, { meaning: { result: 'computed' }, letter: 'C' }],
  ]);
  for (const { name: pass, strategies: stated = {} } of list)
    for (const [name, statement] of Object.entries(stated)) {
      const before = strategies.get(name);
      if (before && !sameMeaning(before.meaning, statement.meaning))
        throw strategyNameTaken(pass, name);
      if (before) continue;
      strategies.set(name, statement);
      const meaning = forecastMeaning(statement.meaning);
      // a letter of its own would be one too many in a plan as text: what is free is chosen
      if (meaning) strategies.set(forecastOf(name), { meaning });
    }
  return { passes, strategies };
}
