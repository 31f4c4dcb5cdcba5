/** Whole loops against the time that was asked for. */
import { callsPerStep } from '../../runtime/schedule/index.js';
import type { Bundles } from './bundles.js';
import type { Candidate } from './candidate.js';
import type { CostTable } from './cost-table.js';
import { FEWER } from './fewer.js';
import { keyOf, type Setting } from './setting.js';
import { pairOf } from './subject.js';
import { type LoopTime, timeLoops } from './times.js';

/** How far from the time that was asked for a loop may be found. */
const SLACK = 1.03;
/** How often settings are made cheaper or dearer for it. */
const CORRECTIONS = 4;

export interface Fitted {
  readonly chosen: Candidate;
  readonly rival: Candidate | undefined;
  /** Of the loop as it is, the chosen one, and the rival where it is another. */
  readonly times: readonly LoopTime[];
}

/** Times of settings, measured in turn. */
export type TimeLoops = (settings: readonly Setting[]) => Promise<LoopTime[]>;

export const timedIn =
  (bundles: Bundles): TimeLoops =>
  (settings) =>
    timeLoops(bundles, settings);

/**
 * Loops as a whole take what their steps do not say: what is found too slow is taken at a smaller cost, what is too quick at a
 * larger one, and the rival as it takes as long as the chosen one.
 * @param wanted part of the time of the loop as it is; left out, the chosen one stays as it is
 */
export async function inTime(
  time: TimeLoops,
  loop: Candidate,
  best: Candidate,
  rival: Candidate | undefined,
  wanted: number | undefined,
): Promise<Fitted> {
  let chosen = best;
  let other = besideOf(best, rival);
  let kept: Measured | undefined;
  for (let i = 0; ; i++) {
    const found = await measured(time, loop, chosen, other);
    kept = kept ? better(kept, found, wanted) : found;
    const next = fitted(chosen, found.part, wanted ?? found.part);
    // beside it stands what takes as long
    const target = next === chosen ? found.part : wanted!;
    const nextOther = other && fitted(other, found.otherPart!, target);
    if (i >= CORRECTIONS || (next === chosen && nextOther === other)) break;
    chosen = next;
    other = nextOther;
  }
  return asFitted(kept);
}

/** Loops with what they take, none of them made to take anything: where the clock is not to count. */
export const asTheyAre = async (
  time: TimeLoops,
  loop: Candidate,
  best: Candidate,
  rival: Candidate | undefined,
): Promise<Fitted> => asFitted(await measured(time, loop, best, besideOf(best, rival)));

/** Nothing stands beside a rival but itself. */
const besideOf = ({ setting }: Candidate, rival: Candidate | undefined): Candidate | undefined =>
  setting.family === FEWER ? undefined : rival;

const asFitted = ({ chosen, rival, times }: Fitted): Fitted => ({
  chosen,
  rival: chosen.setting.family === FEWER ? chosen : rival,
  times,
});

interface Measured extends Fitted {
  /** Of the time of the loop as it is, the chosen one's and the rival's. */
  readonly part: number;
  readonly otherPart: number | undefined;
}

async function measured(
  time: TimeLoops,
  loop: Candidate,
  chosen: Candidate,
  rival: Candidate | undefined,
): Promise<Measured> {
  const all = [loop, chosen, ...(rival ? [rival] : [])];
  const times = await time(all.map(({ setting }) => setting));
  // the quickest rounds: whatever else the machine does only adds
  const part = (at: number) => times[at]!.least / times[0]!.least;
  return { chosen, rival, times, part: part(1), otherPart: rival && part(2) };
}

/** Of two that were measured, what keeps to the time that was asked for, then what uses it, then what has a rival as quick. */
function better(one: Measured, two: Measured, wanted: number | undefined): Measured {
  const over = ({ part }: Measured) => Math.max(1, part / ((wanted ?? part) * SLACK));
  const apart = ({ part, otherPart = part }: Measured) => Math.abs(Math.log(otherPart / part));
  const order =
    over(one) - over(two) || two.chosen.cost - one.chosen.cost || apart(one) - apart(two);
  return order > 0 ? two : one;
}

/** The candidate as it would take the time, or itself where it does, or where there is none. */
function fitted(candidate: Candidate, part: number, wanted: number): Candidate {
  const over = part / wanted;
  if (over <= SLACK && over >= 1 / SLACK) return candidate;
  const other = candidate.at?.(candidate.cost / over);
  return other && keyOf(other.setting) !== keyOf(candidate.setting) ? other : candidate;
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
  const other = besideOf(best, rival);
  const times = [loop, best, ...(other ? [other] : [])].map(timeOf);
  return asFitted({ chosen: best, rival: other, times });
}
