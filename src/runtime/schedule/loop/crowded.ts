/** DeepCache's non-uniform schedule (Ma, Fang, Wang: arXiv 2312.00858, equation 7). */

/**
 * Equation 7 as the authors' code computes it. Read literally, the equation takes a power of a
 * negative number; in the code that makes the arithmetic complex, and the imaginary part is dropped
 * when indices are rounded. The published results come from that form, so it is kept: the index
 * lists differ from those of a signed power. Like the code, the power is lowered in steps of 0.02
 * until the list has ceil(calls / interval) entries.
 *
 * @param center the call around which full calls lie densest
 * @param power above 1; how strongly they crowd there
 * @returns undefined when no power above 1 gives a list of the right length
 */
export function nonUniformCalls(
  calls: number,
  interval: number,
  center: number,
  power: number,
): number[] | undefined {
  const wanted = Math.ceil(calls / interval);
  for (let p = power; p > 1; p -= 0.02) {
    const found = indices(calls, wanted, center, p);
    if (found.length === wanted) return found;
  }
  return undefined;
}

type Complex = readonly [re: number, im: number];

function power([re, im]: Complex, exponent: number): Complex {
  // NumPy squares by a product, which differs in the last bit, and so where a result is nearly whole
  if (exponent === 2) return [re * re - im * im, 2 * re * im];
  const radius = Math.hypot(re, im) ** exponent;
  if (radius === 0) return [0, 0];
  const angle = Math.atan2(im, re) * exponent;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function indices(calls: number, wanted: number, center: number, p: number): number[] {
  const start = power([-center, 0], 1 / p);
  const end = power([calls - center, 0], 1 / p);
  // in the order of NumPy's operations: a complex number is divided by way of the reciprocal
  const part = (from: number, to: number) =>
    center === 0 ? (to - from) / wanted : (to - from) * (1 / wanted);
  const step: Complex = [part(start[0], end[0]), part(start[1], end[1])];
  const rounded = new Set<number>();
  for (let i = 0; i <= wanted; i++) {
    const point: Complex = i === wanted ? end : [start[0] + i * step[0], start[1] + i * step[1]];
    rounded.add(Math.trunc(power(point, p)[0]) + 0);
  }
  const sorted = [...rounded].sort((a, b) => a - b);
  return [0, ...sorted.slice(1, -1).map((v) => v + center)];
}
