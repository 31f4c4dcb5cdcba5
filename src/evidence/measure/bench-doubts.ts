/** What speaks against believing a measurement. */
import { spreadOf, worthOf } from './spread.js';

/** Programs whose multiply-accumulates differ from the source's by less than this part do the same work. */
export const SAME_WORK = 0.01;
/** And take the same time, up to this part. */
const SAME_TIME = 0.1;
/** Others may take so much of the machine. */
const QUIET = 0.1;

interface Measured {
  /** Speed-up by round. */
  readonly ratios: readonly number[];
  readonly othersBusy: number | undefined;
  /** Milliseconds of a call of the source. */
  readonly sourceMs: number;
  /** Programs that do its work. */
  readonly equal: readonly { readonly name: string; readonly milliseconds: number }[];
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** @returns sentences without a full stop */
export function doubtsAbout({ ratios, othersBusy, sourceMs, equal }: Measured): string[] {
  const doubts: string[] = [];
  const worth = worthOf(ratios);
  if (worth === 'too few rounds')
    doubts.push('Too few rounds to say how far they differ: give more with --rounds');
  if (worth === 'unclear') {
    const [low, high] = spreadOf(ratios).quartiles;
    doubts.push(
      `The rounds differ too much for a speed-up: half of them lie between ${low.toFixed(2)} and ${high.toFixed(2)}`,
    );
  }
  if (othersBusy !== undefined && othersBusy > QUIET)
    doubts.push(
      `The machine is busy: other processes took ${percent(othersBusy)} of its processors meanwhile`,
    );
  for (const { name, milliseconds } of equal) {
    const share = milliseconds / sourceMs - 1;
    if (Math.abs(share) > SAME_TIME)
      doubts.push(
        `Program "${name}" does the work of the source and took ${percent(Math.abs(share))} ${share > 0 ? 'more' : 'less'} time`,
      );
  }
  return doubts;
}
