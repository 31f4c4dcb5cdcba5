/** Where measured values lie: a median, and the quartiles around it. */

export interface Spread {
  readonly median: number;
  /** The first and the third quartile: half of the values lie between them. */
  readonly quartiles: readonly [number, number];
}

/** Quartiles between two values are taken on the line between them (Hyndman and Fan 1996, definition 7). */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const low = sorted[below]!;
    return low + (place - below) * ((sorted[below + 1] ?? low) - low);
  };
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)] };
}

export const median = (values: readonly number[]): number => spreadOf(values).median;

/** Of fewer rounds than this nobody can say how far they lie apart. */
const FEWEST = 3;
/** Quartiles may lie so far apart, in parts of the median. */
const WIDEST = 0.2;

/** Do values lie near enough together for a ratio to be told from them? */
export const isClear = ({ median: middle, quartiles }: Spread): boolean =>
  quartiles[1] - quartiles[0] <= WIDEST * middle;

/** What a ratio is worth, given how far its rounds lie apart. */
export type Worth = 'clear' | 'unclear' | 'too few rounds';

export function worthOf(rounds: readonly number[]): Worth {
  if (rounds.length < FEWEST) return 'too few rounds';
  return isClear(spreadOf(rounds)) ? 'clear' : 'unclear';
}
