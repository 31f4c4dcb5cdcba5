/** What a plan search must know of a pass: which strategies to try, in which order, how strictly. */
import type { Site } from '../plan/index.js';

export interface PassCalibration<Options = Record<string, unknown>> {
  /**
   * Strategies to try at a site in a call, the cheapest first; the first that passes is taken. Those
   * whose states no earlier call has written are left out by the search, which also never asks for
   * call 0: there everything is computed.
   */
  candidates(site: Site, call: number, options: Options): readonly string[];
  /** δ of the search: how much loss the last site may cause; see src/evidence/calibrate/greedy.ts. */
  threshold(options: Options): number;
}
