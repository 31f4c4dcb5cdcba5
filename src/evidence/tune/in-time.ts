/** Whole loops against the time that was asked for. */
import { callsPerStep } from '../../runtime/schedule/index.js';
import type { Bundles } from './bundles.js';
import type { Candidate } from './candidate.js';
import type { CostTable } from './cost-table.js';
import { FEWER } from './fewer.js';
import { pairOf } from './subject.js';
import { type LoopTime, timeLoops } from './times.js';

/** How far over the time that was asked for a loop may be found. */
const SLACK = 1.03;
/** How often a setting is made cheaper for it. */
const CORRECTIONS = 3;

export interface Fitted {
  readonly chosen: Candidate;
  readonly rival: Candidate | undefined;
  /** Of the loop as it is, the chosen one, and the rival where it is another. */
  readonly times: readonly LoopTime[];
}

/** Loops as a whole take what their steps do not say: what is found too slow is taken at a smaller cost. */
export async function inTime(
  bundles: Bundles,
  loop: Candidate,
  best: Candidate,
  rival: Candidate | undefined,
  wanted: number | undefined,
): Promise<Fitted> {
  const isRival = best.setting.family === FEWER;
  let chosen = best;
  let other = isRival ? undefined : rival;
  for (let i = 0; ; i++) {
    const all = [loop, chosen, ...(other ? [other] : [])];
    const times = await timeLoops(
      bundles,
      all.map(({ setting }) => setting),
    );
    // the quickest rounds: whatever else the machine does only adds
    const part = (at: number) => times[at]!.least / times[0]!.least;
    const over = wanted === undefined ? 0 : part(1) / wanted;
    const smaller = over > SLACK ? chosen.at?.(chosen.cost / over) : undefined;
    if (!smaller || i >= CORRECTIONS) return { chosen, rival: isRival ? chosen : other, times };
    chosen = smaller;
    // beside it stands what takes as long
    const rivalOver = other && part(2) / wanted!;
    other = other && (rivalOver! > SLACK ? (other.at?.(other.cost / rivalOver!) ?? other) : other);
  }
}

/** Loops as another machine's costs have them: what lies between calls is left out. */
export function inTimeElsewhere(
  { subject }: Bundles,
  { content }: CostTable,
  loop: Candidate,
  best: Candidate,
  rival: Candidate | undefined,
): Fitted {
  const each = callsPerStep(pairOf(subject)) * content.source.milliseconds;
  const timeOf = ({ cost }: Candidate): LoopTime => {
    const milliseconds = cost * each;
    return { milliseconds, least: milliseconds, most: milliseconds, rounds: 0 };
  };
  const other = best.setting.family === FEWER ? undefined : rival;
  const times = [loop, best, ...(other ? [other] : [])].map(timeOf);
  return { chosen: best, rival: other ?? best, times };
}
