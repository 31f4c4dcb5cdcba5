/** The loops that rules are tried on. */
import type { Ruled } from './calls.js';
import type { LoopLength } from './choices.js';

/** The loop that a schedule is written out for. */
export function writtenLoop({ loop, timesteps, axes }: Ruled): LoopLength {
  const { steps, start } = loop;
  const lie = loop.timesteps ?? timesteps ?? axes?.timestep?.map((place) => -place);
  return { steps, start, timesteps: lie };
}

/**
 * Loops of up to so many steps. Where nothing is placed by how far it is through a loop, one that starts later is a shorter one.
 * Where choices are placed by timesteps, loops that say theirs are among them, and where a forecast goes by them all do.
 */
export function loopsUpTo(longest: number, schedule: Ruled): LoopLength[] {
  const whens = schedule.loop.rules.map(({ when }) => when);
  const placed = whens.some(({ kind }) => kind === 'placed');
  const byTimesteps = whens.some((when) => when.kind === 'placed' && when.timesteps);
  const asked = schedule.axes?.timestep !== undefined;
  const written = writtenLoop(schedule);
  return Array.from({ length: longest }, (_, i) => i + 1).flatMap((steps) =>
    Array.from({ length: placed ? steps : 1 }, (_, start) => start).flatMap((start) => {
      if (steps === written.steps && start === written.start) return [written];
      const plain = { steps, start };
      const timesteps = evenTimesteps(schedule, steps).slice(start);
      return [
        ...(asked ? [] : [plain]),
        ...(asked || (byTimesteps && start === 0) ? [{ ...plain, timesteps }] : []),
      ];
    }),
  );
}

/** Over the range that choices were found for, where it is known. */
function evenTimesteps({ loop }: Ruled, steps: number): number[] {
  const known = loop.rules.flatMap(({ when }) =>
    when.kind === 'placed' ? (when.timesteps ?? []) : [],
  );
  const [first, last] = known.length > 0 ? [Math.max(...known), Math.min(...known)] : [999, 0];
  return Array.from({ length: steps }, (_, i) => first - ((first - last) * i) / steps);
}
