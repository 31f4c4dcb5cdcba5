/**
 * What each strategy means at a call. Which result it has is a pass's statement (`StrategyMeaning`); what follows
 * from that for the reference of `verify` is written here from the papers alone: DeepCache (arXiv 2312.00858,
 * section 3), DiTFastAttn (arXiv 2406.08552, section 3), Δ-DiT (arXiv 2406.01125) and FasterCache (arXiv 2410.19355). Nothing of how programs
 * are built goes into it.
 */
import type { KnownStrategies, StrategyMeaning } from '../../../compiler/pass/index.js';
import type { Schedule } from '../../../runtime/schedule/index.js';

type Guidance = Schedule['source']['guidance'];

export interface Meaning {
  /** Runs of blocks are replaced; which, and by what, is said by the ranges of the site. */
  readonly run?: true;
  /**
   * Where the site's values come from: the network, what an earlier call kept, zeros, or what the
   * first call of the step has, for the second, or that and what both were known to differ by.
   */
  readonly values: 'network' | 'kept' | 'zeros' | 'partner' | 'derived';
  /** Of a guidance pair one half is had from the other and what they differed by. */
  readonly derives: boolean;
  /** Of an attention: queries see only a band of keys. */
  readonly banded: boolean;
  /** Of a band: what it lacked at the last call that kept a residual is added. */
  readonly residual: boolean;
  /** The conditional half of the batch stands for both. */
  readonly shared: boolean;
  /** The site's values are kept for later calls. */
  readonly keepsValues: boolean;
  /** Of an attention: what a band lacks is kept for later calls. */
  readonly keepsResidual: boolean;
  /** With states made from the same inputs, and both halves equal, the outputs are the source's. */
  readonly identity: boolean;
  /**
   * What is computed is computed as the source does it, so that without graph optimization every bit is
   * the reference's. A band sums in another order, and half of a batch may be multiplied in other pieces.
   */
  readonly exact: boolean;
  /** What was kept is forecast from its last values, by the rule of the site. */
  readonly forecast: boolean;
}

const NETWORK: Meaning = {
  values: 'network',
  derives: false,
  banded: false,
  residual: false,
  shared: false,
  keepsValues: true,
  keepsResidual: false,
  identity: true,
  exact: true,
  forecast: false,
};

/** What a pass states, in what it does to the calls before and after it. */
function behaviour(stated: StrategyMeaning): Meaning {
  const meaning = behaviourOf(stated);
  // a weighted sum rounds
  return 'forecast' in stated && stated.forecast
    ? { ...meaning, forecast: true, exact: false }
    : meaning;
}

function behaviourOf(stated: StrategyMeaning): Meaning {
  switch (stated.result) {
    case 'kept':
      return { ...NETWORK, values: 'kept', keepsValues: false };
    case 'zeros':
      return { ...NETWORK, values: 'zeros', keepsValues: false, identity: false };
    case 'derived-half':
      // half of a batch may be multiplied in other pieces
      return { ...NETWORK, derives: true, keepsValues: false, exact: false };
    case 'kept-run':
      return { ...NETWORK, run: true, keepsValues: false };
    case 'computed': {
      const banded = stated.band !== undefined;
      const shared = stated.halves === 'shared';
      return {
        ...NETWORK,
        banded,
        residual: stated.band === 'with-residual',
        shared,
        keepsResidual: !banded,
        identity: stated.band !== 'alone',
        exact: !banded && !shared,
      };
    }
  }
}

/** Undefined for a strategy of which no pass says what it means. */
export function meaningOf(strategy: string, known: KnownStrategies): Meaning | undefined {
  const statement = known.get(strategy);
  return statement && behaviour(statement.meaning);
}

/**
 * What a strategy means at one call. Where the halves of a guidance pair are two calls, sharing is up
 * to the second, which has nothing to compute.
 */
export function meaningAt(
  strategy: string,
  call: number,
  guidance: Guidance,
  known: KnownStrategies,
): Meaning | undefined {
  const meaning = meaningOf(strategy, known);
  if (meaning?.derives && guidance?.mode === 'two-calls')
    return halfOfCall(call, guidance) === 0 ? NETWORK : { ...meaning, values: 'derived' };
  if (!meaning?.shared || guidance?.mode !== 'two-calls') return meaning;
  // each half is computed whole, as the source does it
  const exact = !meaning.banded;
  return halfOfCall(call, guidance) === 0
    ? { ...meaning, shared: false, exact }
    : { ...NETWORK, values: 'partner', keepsResidual: meaning.keepsResidual };
}

/** Does a strategy compute something in another order than the source at one call? */
export const roundsAt = (
  strategy: string,
  call: number,
  guidance: Guidance,
  known: KnownStrategies,
): boolean => meaningAt(strategy, call, guidance, known)?.exact !== true;

/** Which half of the pair a call computes, where each has a call of its own: 0, then 1. */
export const halfOfCall = (call: number, guidance: Guidance): number =>
  guidance?.mode === 'two-calls' ? call % 2 : 0;

/** Does the schedule let one half of a pair stand for both? */
export const sharesGuidance = ({ sites = {} }: Schedule, known: KnownStrategies): boolean =>
  Object.values(sites).some((site) =>
    site.strategies.some((name) => meaningOf(name, known)?.shared),
  );
