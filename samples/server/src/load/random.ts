/** Random numbers of a seed, so that a run can be made again: mulberry32. */
export function randomOf(seed: number) {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    below: (limit: number) => Math.floor(uniform() * limit),
    of: <T>(values: readonly T[]): T => values[Math.floor(uniform() * values.length)]!,
  };
}

export type Random = ReturnType<typeof randomOf>;
