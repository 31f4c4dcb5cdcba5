/** Levels as Karras et al. place them (arXiv 2206.00364, equation 5). */
import { linspace } from '../numbers.js';

export const KARRAS_RHO = 7;

/** `count` levels from the first to the last, equally spaced in their root. */
export function karrasRatios(first: number, last: number, count: number, rho = KARRAS_RHO) {
  const root = (ratio: number) => ratio ** (1 / rho);
  return linspace(root(first), root(last), count).map((value) => value ** rho);
}
