/** Which steps of a loop are full, by the rules that passes have for it: steps count from the first that is taken. */

/** So many steps at distances as equal as can be, the first and the last among them, where there are two. */
export const evenSteps = (steps: number, count: number): number[] =>
  count === 1
    ? [0]
    : Array.from({ length: count }, (_, i) => Math.round((i * (steps - 1)) / (count - 1)));

/** Full steps at both ends. */
export interface Ends {
  readonly warmup: number;
  readonly cooldown: number;
}

/** One step in `interval`; the last of those that warm up is the first of the row. */
export function everyNth(
  steps: number,
  interval: number,
  { warmup = 0, cooldown = 0 }: Partial<Ends> = {},
): number[] {
  const first = Math.max(0, warmup - 1);
  return Array.from({ length: steps }, (_, t) => t).filter(
    (t) => t <= first || t >= steps - cooldown || (t - first) % interval === 0,
  );
}
