/**
 * The gamma with the least error: a coarse grid over its logarithm, then golden-section search
 * (Kiefer, 1953) between the neighbours of the best. An error with one valley is followed to its
 * bottom; of several valleys, the one that holds the best point of the grid. Since timesteps are
 * whole numbers, the error has steps, and nothing that needs a slope would do.
 */

export interface Tried {
  readonly gamma: number;
  /** Infinity where the loop ended in numbers that are not finite. */
  readonly error: number;
}

/** Octaves: gamma from 1/4 to 4. 1 is among them, so that the result is never worse than that. */
const GRID = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
/** Each makes the interval 0.618 times as long: in the end 2 % of an octave. */
const REFINEMENTS = 8;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Times that the error is asked for. */
export const EVALUATIONS = GRID.length + 2 + REFINEMENTS;

/**
 * Every gamma that was tried, in order.
 * @param errorAt asked once for each
 */
export async function searchGamma(errorAt: (gamma: number) => Promise<number>): Promise<Tried[]> {
  const tried: Tried[] = [];
  const at = async (octaves: number) => {
    const gamma = 2 ** octaves;
    const error = await errorAt(gamma);
    tried.push({ gamma, error });
    return error;
  };
  for (const octaves of GRID) await at(octaves);
  const middle = tried.indexOf(best(tried));
  let low = GRID[Math.max(0, middle - 1)]!;
  let high = GRID[Math.min(GRID.length - 1, middle + 1)]!;
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let [leftError, rightError] = [await at(left), await at(right)];
  for (let i = 0; i < REFINEMENTS; i++)
    // of two equal errors either side will do: what is refined is no worse
    if (leftError <= rightError) {
      [high, right, rightError] = [right, left, leftError];
      left = high - GOLDEN * (high - low);
      leftError = await at(left);
    } else {
      [low, left, leftError] = [left, right, rightError];
      right = low + GOLDEN * (high - low);
      rightError = await at(right);
    }
  return tried;
}

/** The least error; of equal ones the gamma nearest to 1, which is equal spacing. */
export function best(tried: readonly Tried[]): Tried {
  const far = ({ gamma }: Tried) => Math.abs(Math.log(gamma));
  return tried.reduce((a, b) =>
    b.error < a.error || (b.error === a.error && far(b) < far(a)) ? b : a,
  );
}
