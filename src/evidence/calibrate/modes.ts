/**
 * What a strategy of a site comes to in one call. A site without parts is in a mode by its strategy
 * alone; one with parts by the strategy of each, which may differ between the two calls of a step.
 */

import type { PassCalibration } from '../../compiler/pass/index.js';
import {
  COMPUTE,
  chosenAt,
  type Histories,
  type LeafStrategy,
  rowKey,
  type Site,
} from '../../compiler/plan/index.js';
import { unknownCandidate } from '../../errors/index.js';
import { candidateGroups } from './candidates.js';

export interface Mode {
  /** The strategy of the site as a whole, as plans name it. */
  readonly strategy: string;
  /** The strategy of each part; of the site itself where it has none. */
  readonly choices: readonly LeafStrategy[];
  /** Equal for modes that run the same. */
  readonly key: string;
  /** The mode whose results this one can be had from; see `SharedStrategy`. */
  readonly half?: { readonly of: Mode; readonly which: 'first' | 'second' };
}

/** @throws CALIBRATE_CANDIDATE */
export function modeOf(site: Site, strategy: string, call: number): Mode {
  const whole = Object.hasOwn(site.strategies, strategy) ? site.strategies[strategy] : undefined;
  if (!whole) throw unknownCandidate(site.id, strategy, Object.keys(site.strategies));
  const choices = chosenAt(site, strategy, call).map(([, choice]) => choice);
  return {
    strategy,
    choices,
    key: rowKey(choices.map((choice) => choice.name)),
    ...(whole.kind === 'shared' && {
      half: { of: modeOf(site, whole.of.strategy, call), which: whole.of.half },
    }),
  };
}

/** The modes of a site in a loop, each once; those in which it is computed come first. */
export function allModes<O>(
  site: Site,
  calls: number,
  calibration: PassCalibration<O>,
  options: O,
): Mode[] {
  const modes = new Map<string, Mode>();
  const note = (mode: Mode) => {
    if (!modes.has(mode.key)) modes.set(mode.key, mode);
  };
  for (let call = 0; call < calls; call++) note(modeOf(site, COMPUTE, call));
  for (let call = 1; call < calls; call++)
    for (const strategy of candidateGroups(site, call, calibration, options).flat())
      note(modeOf(site, strategy, call));
  return [...modes.values()];
}

/** States that it takes values of, by the one that is written. */
export const readsOf = ({ choices }: Mode, histories: Histories): string[] => [
  ...new Set(
    choices
      .flatMap((choice) => choice.reads)
      .filter((id) => !histories.isParameter(id))
      .map((id) => histories.placeOf(id).root),
  ),
];

export const writesOf = ({ choices }: Mode): string[] => [
  ...new Set(choices.flatMap((choice) => Object.keys(choice.writes))),
];
