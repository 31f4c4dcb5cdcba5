/** Which steps a loop takes. */

/** A loop as far as rules ask for it. */
export interface LoopShape {
  /** Steps of the whole loop. */
  readonly steps: number;
  /** The first of them that is taken. */
  readonly start: number;
  /** Training timestep of each step that is taken, falling, where it is known. */
  readonly timesteps?: readonly number[] | undefined;
}

/** So many steps of it are taken. */
export const stepsTaken = ({ steps, start }: LoopShape): number => steps - start;
