/**
 * The site of one self-attention module: which strategies it offers, and what each means for its
 * parts. In a loop of two calls a step the meaning depends on which half a call computes.
 */
import { leavingValues } from '../../src/compiler/analysis/index.js';
import {
  COMPUTE,
  type CompositeSite,
  compositeOf,
  type PartChoice,
  type PlainSite,
  type SharedStrategy,
  sharedOf,
  strategiesByName,
} from '../../src/compiler/plan/index.js';
import type { GuidancePair } from '../../src/runtime/schedule/index.js';
import { keptIn } from '../difference.js';
import type { ModuleMacs } from './module-cost.js';
import {
  copyPart,
  corePart,
  corePartByHalf,
  HALVES,
  type Module,
  outputPart,
  outputPartByHalf,
  rowsPart,
} from './parts.js';
import { STRATEGIES, type StrategyName } from './strategies.js';

export interface SiteRefusals {
  /** Why no band can be put on it. */
  readonly window?: string;
  /** Why its halves cannot share. */
  readonly guidance?: string;
}

export function attentionSite(
  module: Module,
  guidance: GuidancePair | undefined,
  refusals: SiteRefusals,
  macs: ModuleMacs | undefined,
): CompositeSite {
  const { id, attention } = module;
  const leaving = leavingValues(attention);
  const names = (Object.keys(STRATEGIES) as StrategyName[]).filter((name) => {
    const { banded, shared } = STRATEGIES[name];
    return !(banded && refusals.window) && !(shared && (!guidance || refusals.guidance));
  });
  const meaning =
    guidance?.mode === 'two-calls'
      ? meaningByHalf(module, names)
      : meaningInBatch(module, names, guidance);
  return {
    id,
    description: `self-attention up to ${leaving.map(({ name }) => `"${name}"`).join(' and ')}`,
    outputs: leaving,
    parts: meaning.parts,
    ...(module.window && {
      attention: {
        ...(!attention.operator && { scores: attention.softmax.inputs[0]!.name }),
        mixed: attention.mixed.name,
        window: module.window,
        ...keptIn(module.kept),
      },
    }),
    strategies: strategiesByName(
      names.map((name) => {
        const { description, macs: macsOf, moreExact } = STRATEGIES[name];
        const choice: PartChoice = (call) => meaning.choices(name, call);
        const rest = {
          moreExact: moreExact.filter((other) => names.includes(other)),
          ...(macs && { cost: macsOf(macs) }),
        };
        const of = meaning.halfOf(name);
        return of
          ? sharedOf(name, description, choice, of, rest)
          : compositeOf(name, description, choice, rest);
      }),
    ),
    refused: refused(names, refusals),
  };
}

const NO_GUIDANCE =
  'it is not said how the loop does guidance (--guidance cond-first or uncond-first)';

/** Why the strategies that are not offered are not. */
function refused(
  offered: readonly StrategyName[],
  { window, guidance }: SiteRefusals,
): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(STRATEGIES) as StrategyName[])
      .filter((name) => !offered.includes(name))
      .map((name) => [name, (STRATEGIES[name].banded && window) || (guidance ?? NO_GUIDANCE)]),
  );
}

/** What strategies come down to. */
interface Meaning {
  readonly parts: readonly PlainSite[];
  readonly choices: (name: StrategyName, call: number) => Record<string, string>;
  /** Of one that shares in one batch: the strategy that it is half of. */
  readonly halfOf: (name: StrategyName) => SharedStrategy['of'] | undefined;
}

function meaningInBatch(
  module: Module,
  names: readonly StrategyName[],
  guidance: GuidancePair | undefined,
): Meaning {
  const { id } = module;
  const shared = names.some((name) => STRATEGIES[name].shared);
  const order = shared ? guidance?.order : undefined;
  const banded = names.some((name) => STRATEGIES[name].banded);
  const parts = [
    ...(order ? [rowsPart(module, order)] : []),
    ...(banded ? [corePart(module, order)] : []),
    ...(order ? [copyPart(module)] : []),
    outputPart(module),
  ];
  const half = { [`${id}.rows`]: 'half', [`${id}.copy`]: 'copy' };
  const choices: Record<StrategyName, Record<string, string>> = {
    compute: {},
    window: { [`${id}.core`]: 'window' },
    'guidance-share': { ...half, ...(banded && { [`${id}.core`]: 'compute-half' }) },
    'window+guidance-share': { ...half, [`${id}.core`]: 'window-half' },
    reuse: { [`${id}.output`]: 'reuse' },
    'window-only': { [`${id}.core`]: 'window-only' },
  };
  return {
    parts,
    choices: (name) => choices[name],
    halfOf: (name) => {
      const whole =
        name === 'guidance-share'
          ? COMPUTE
          : name === 'window+guidance-share'
            ? 'window'
            : undefined;
      if (!whole || !order) return undefined;
      return { strategy: whole, half: order === 'cond-first' ? 'first' : 'second' };
    },
  };
}

/** Call 0 and every other one is the first of its step; what it computes the second may share. */
function meaningByHalf(module: Module, names: readonly StrategyName[]): Meaning {
  const { id } = module;
  const banded = names.some((name) => STRATEGIES[name].banded);
  const parts = [...(banded ? [corePartByHalf(module)] : []), outputPartByHalf(module, banded)];
  const core = `${id}.core`;
  const out = `${id}.output`;
  const halfOf = (call: number) => HALVES[call % 2]!;
  /** What a strategy is to the first call of a step: sharing is up to the second. */
  const ownOf = (name: StrategyName): StrategyName =>
    name === 'guidance-share' ? COMPUTE : name === 'window+guidance-share' ? 'window' : name;
  const shares = (name: StrategyName, call: number) =>
    STRATEGIES[name].shared && halfOf(call) === 'second';
  return {
    parts,
    choices(name, call) {
      const half = halfOf(call);
      if (shares(name, call)) return { [out]: STRATEGIES[name].banded ? 'copy-output' : 'copy' };
      const own = ownOf(name);
      if (own === 'reuse') return { [out]: `reuse-${half}` };
      return {
        [out]: `compute-${half}`,
        ...(banded && { [core]: own === 'window-only' ? own : `${own}-${half}` }),
      };
    },
    halfOf: () => undefined,
  };
}
