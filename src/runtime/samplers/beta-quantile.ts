/** Quantiles of beta distributions, by bisection of the regularized incomplete beta function. */

/** As Lanczos approximates it (g = 7, n = 9), for positive arguments: to 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
];

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x - 1 + 7.5;
  const sum = LANCZOS.reduce(
    (total, value, i) => total + (i === 0 ? value : value / (x - 1 + i)),
    0,
  );
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

const ENOUGH = 1e-16;
const MOST_TERMS = 500;

/** The share of Beta(a, b) below x: its continued fraction (DLMF 8.17.22), by Lentz's method. */
export function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // the fraction converges fast below the mean
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  let [value, above, below] = [1, 1, 0];
  for (let term = 0; term < MOST_TERMS; term++) {
    const m = Math.floor(term / 2);
    const part =
      term === 0
        ? 1
        : term % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    below = 1 / (1 + part * below);
    above = 1 + part / above;
    const change = above * below;
    value *= change;
    if (Math.abs(change - 1) < ENOUGH) break;
  }
  return (front * (value - 1)) / a;
}

/** Where so much of Beta(a, b) lies below. */
export function betaQuantile(share: number, a: number, b: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  let [low, high] = [0, 1];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (betaShare(middle, a, b) < share) low = middle;
    else high = middle;
  }
}
