/**
 * The sets of inputs that programs are held against the source on: one, or more where a model does one
 * thing at some timesteps and another at others.
 */

import { TRAIN_TIMESTEPS } from '../../runtime/samplers/index.js';
import { callsOf } from '../../runtime/schedule/index.js';
import type { Decisions } from './decides.js';
import type { Feeds } from './feeds.js';
import { type ProofFeedOptions, proofFeeds } from './proof-feeds.js';

/** Sets with timesteps all over the training range. */
const SWEEP = 8;
/** Timesteps at borders that are tried. */
const MOST_BORDERS = 16;

/** One set of inputs; more where the source, or a model of the bundle, decides something by the timestep. */
export function feedSets(options: ProofFeedOptions, decisions: readonly Decisions[]): Feeds[] {
  const first = proofFeeds(options, 0);
  if (!decisions.some(({ decides }) => decides)) return [first];
  const { timesteps } = options.schedule;
  const calls = callsOf(options.schedule);
  // beyond the turns of the calls, which differ in all inputs
  const turn = (i: number) => calls.length + i;
  const spread = Array.from({ length: SWEEP - 1 }, (_, i) => proofFeeds(options, turn(i + 1)));
  if (timesteps) return [first, ...spread];
  const borders = decisions.flatMap((model) => model.borders).flatMap(timestepsAround);
  const near = [...new Set(borders)]
    .slice(0, MOST_BORDERS)
    .map((timestep, i) => proofFeeds(options, turn(SWEEP + i), timestep));
  return [first, ...spread, ...near];
}

/** On both sides of a number that timesteps, or timesteps as a fraction of all, are compared with. */
function timestepsAround(border: number): number[] {
  const scale = Math.abs(border) < 1 ? TRAIN_TIMESTEPS : 1;
  const below = Math.floor(border * scale);
  return [below, below + 1].filter((timestep) => timestep >= 0 && timestep < TRAIN_TIMESTEPS);
}
