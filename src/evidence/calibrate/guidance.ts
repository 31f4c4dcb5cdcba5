/** Guidance of a loop that a search runs. */

import type { GuidancePair } from '../../runtime/schedule/index.js';
import type { Feeds } from '../measure/feeds.js';

export interface LoopGuidance extends GuidancePair {
  /** s in u + s (c - u). Not needed for recorded inputs. */
  readonly scale?: number;
  /** What the unconditional half reads in place of the feeds of the same name. */
  readonly unconditional?: Feeds;
}
