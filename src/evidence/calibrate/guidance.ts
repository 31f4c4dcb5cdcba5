/** Guidance of a loop that a search runs. */

import type { Guidance } from '../../runtime/samplers/index.js';
import type { GuidancePair } from '../../runtime/schedule/index.js';
import type { GivenFeeds } from '../measure/loop-given.js';

export interface LoopGuidance extends GuidancePair, Pick<Guidance, 'interval' | 'rescale'> {
  /** s in u + s (c - u). Not needed for recorded inputs. */
  readonly scale?: number;
  /** What the unconditional half reads in place of the feeds of the same name. */
  readonly unconditional?: GivenFeeds;
}
