/**
 * The strategies of an attention site (section 3 of the paper), from the most exact to the cheapest,
 * with what the paper calls them.
 */
import type { StrategyStatement, StrategyStatements } from '../../src/compiler/pass/index.js';
import { COMPUTE } from '../../src/compiler/plan/index.js';
import type { ModuleMacs } from './module-cost.js';

export interface StrategyFacts {
  readonly description: string;
  /** Attends to a band of keys only. */
  readonly banded: boolean;
  /** Adds the residual that a full call kept. */
  readonly residual: boolean;
  /** Computes one half of a guidance pair for both. */
  readonly shared: boolean;
  readonly moreExact: readonly StrategyName[];
  readonly macs: (macs: ModuleMacs) => number;
}

export type StrategyName =
  | 'compute'
  | 'window'
  | 'guidance-share'
  | 'window+guidance-share'
  | 'reuse'
  | 'window-only';

export const STRATEGIES: Readonly<Record<StrategyName, StrategyFacts>> = {
  compute: {
    description: 'run the module in full',
    banded: false,
    residual: false,
    shared: false,
    moreExact: [],
    macs: (m) => m.compute,
  },
  window: {
    description:
      'attend to a band of keys and add what the band lacked at the last full call (WA-RS)',
    banded: true,
    residual: true,
    shared: false,
    moreExact: [],
    macs: (m) => m.window,
  },
  'guidance-share': {
    description: 'run the module for the conditional half and let it stand for both (ASC)',
    banded: false,
    residual: false,
    shared: true,
    moreExact: [],
    macs: (m) => m.compute / 2,
  },
  'window+guidance-share': {
    description: 'a band of keys with the kept rest, for one half, standing for both (WA-RS+ASC)',
    banded: true,
    residual: true,
    shared: true,
    moreExact: ['window', 'guidance-share'],
    macs: (m) => m.window / 2,
  },
  reuse: {
    description: 'take the output of the last call that ran the module (AST)',
    banded: false,
    residual: false,
    shared: false,
    moreExact: ['window', 'guidance-share', 'window+guidance-share'],
    macs: () => 0,
  },
  'window-only': {
    description: 'attend to a band of keys and leave out the rest (the ablation)',
    banded: true,
    residual: false,
    shared: false,
    moreExact: ['window'],
    macs: (m) => m.window,
  },
};

/** The order in which the paper's search tries them: the cheapest first (Algorithm 1). */
export const SEARCH_ORDER = ['reuse', 'window+guidance-share', 'window', 'guidance-share'] as const;

const LETTERS: Readonly<Record<Exclude<StrategyName, 'compute'>, string>> = {
  window: 'W',
  'guidance-share': 'G',
  'window+guidance-share': 'B',
  'window-only': 'o',
  reuse: 'r',
};

function statementOf(name: Exclude<StrategyName, 'compute'>): StrategyStatement {
  const letter = LETTERS[name];
  if (name === 'reuse') return { meaning: { result: 'kept' }, letter };
  const { banded, residual, shared } = STRATEGIES[name];
  return {
    meaning: {
      result: 'computed',
      ...(banded && { band: residual ? 'with-residual' : 'alone' }),
      ...(shared && { halves: 'shared' }),
    },
    letter,
  };
}

/** What whoever reads a schedule is told of them. */
export const STATEMENTS: StrategyStatements = Object.fromEntries(
  (Object.keys(STRATEGIES) as StrategyName[])
    .filter((name) => name !== COMPUTE)
    .map((name) => [name, statementOf(name)]),
);
