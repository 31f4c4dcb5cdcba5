/** What a search found, small enough to be written down. */
import type { Judged, Setting, Tried, Tuned } from '../../../src/evidence/tune/index.js';

const spread = (mean: number) => ({ mean, least: mean - 1, most: mean + 1, images: 2 });
export const tried = (
  family: string,
  cost: number,
  error: number,
  passes: Setting['passes'],
): Tried => ({
  setting: { family, passes, sampler: { name: 'ddim', steps: cost } },
  cost,
  own: spread(error - 5),
  converged: spread(error),
});
const judged = (one: Tried, milliseconds: number): Judged => ({
  ...one,
  time: { milliseconds, least: milliseconds, most: milliseconds, rounds: 3 },
});

const FEWER = tried('fewer steps', 10, 38, []);
export const CHOSEN = tried('own pass', 9, 44, [{ pass: 'own', options: { part: '<b>"x"' } }]);
const LATENT = Float32Array.from({ length: 16 }, (_, i) => i / 8 - 1);
export const TUNED: Tuned = {
  chosen: judged(CHOSEN, 500),
  rival: judged(FEWER, 510),
  loop: judged(tried('the loop as it is', 20, 40, []), 1000),
  finalists: [CHOSEN],
  tried: [FEWER, CHOSEN, tried('fewer steps', 10, 30, [])],
  failed: [{ setting: CHOSEN.setting, code: 'PLAN_CONFLICT', message: 'Both say <how>.' }],
  notTried: [{ pass: 'deepcache', reason: 'no U-Net & no branches' }],
  reference: { name: 'deis', steps: 128 },
  imagesAtOnce: 1,
  costsOf: undefined,
  evaluations: 1234,
  trials: 12,
  resumed: 0,
  outOfTime: false,
  madeUp: [],
  ends: {
    ...{ dims: [1, 1, 4, 4], chosen: LATENT, rival: undefined, loop: LATENT, converged: LATENT },
  },
};
