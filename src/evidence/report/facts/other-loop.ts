/** Which loop is shown, where it is another than the one that a schedule is written out for. */
import { loopInWords } from '../../../errors/index.js';
import { type LoopShape, loopOf, type Schedule } from '../../../runtime/schedule/index.js';

/**
 * A sentence without a full stop; nothing for the written loop itself.
 * @param elsewhere whether its steps lie elsewhere, where they are as many
 */
export const otherLoop = (
  shown: LoopShape,
  written: LoopShape,
  elsewhere = false,
): string | undefined => {
  const isSame = shown.steps === written.steps && shown.start === written.start;
  if (isSame && !elsewhere) return undefined;
  const as = isSame ? 'steps that lie elsewhere' : loopInWords(written);
  return `A loop of ${loopInWords(shown)}, by the rules of the bundle, which is written out for ${as}`;
};

/** Of a schedule that was derived from another one. */
export const otherLoopOf = ({
  schedule,
  written = schedule,
}: {
  readonly schedule: Schedule;
  readonly written?: Schedule | undefined;
}): string | undefined => otherLoop(loopOf(schedule), loopOf(written), schedule !== written);
