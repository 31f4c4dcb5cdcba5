/** How programs lie in models, in words. */
import type { Schedule } from '../../../runtime/schedule/index.js';

export const FORMS = {
  split: 'a model for each program',
  merged: 'one model with an If around the alternatives',
  chain: 'segments that run one after another',
  stateful: 'one model that holds the plan and counts its calls',
  loop: 'the whole denoising loop as one model, and one that holds the plan and counts its calls',
} as const satisfies Record<Schedule['emit'], string>;
