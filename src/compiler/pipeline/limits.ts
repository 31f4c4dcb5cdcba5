/** Calls in a loop beyond which somebody has mistyped: training itself has a thousand timesteps. */
export const MOST_CALLS = 100_000;
