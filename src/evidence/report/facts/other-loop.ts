/** Which loop is shown, where it is another than the one that a schedule is written out for. */
import { loopInWords } from '../../../errors/index.js';
import { type LoopShape, loopOf, type Schedule } from '../../../runtime/schedule/index.js';

/** A sentence without a full stop; nothing for the written loop itself. */
export const otherLoop = (shown: LoopShape, written: LoopShape): string | undefined =>
  shown.steps === written.steps && shown.start === written.start
    ? undefined
    : `A loop of ${loopInWords(shown)}, by the rules of the bundle, which is written out for ${loopInWords(written)}`;

/** Of a schedule that was derived from another one. */
export const otherLoopOf = ({
  schedule,
  written = schedule,
}: {
  readonly schedule: Schedule;
  readonly written?: Schedule | undefined;
}): string | undefined => otherLoop(loopOf(schedule), loopOf(written));
