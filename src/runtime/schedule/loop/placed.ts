/**
 * Choices that were found for the steps of one loop, in another: each step takes one that is at least as exact as
 * those that the loop had where the step lies, and as those of the steps that it passes over, so that what is kept is
 * never older, in parts of the loop, than it was there.
 */
import type { Placed } from '../../../generated/schedule.js';
import type { LoopShape } from './loop-shape.js';

/** The choice of each step that is taken. */
export function placedChoices(rule: Placed, loop: LoopShape): number[] {
  const places = placesIn(rule, loop);
  return places.map((place, i) => {
    if (i === 0 && loop.start > 0) return 0;
    const behind = i === 0 ? Infinity : Math.floor(places[i - 1]!) + 1;
    return covering(rule, Math.min(behind, Math.floor(place)), Math.ceil(place));
  });
}

/** Where each step lies, in steps of the rule's loop. */
function placesIn({ base, timesteps }: Placed, { steps, start, timesteps: own }: LoopShape) {
  const last = base.length - 1;
  if (timesteps && own) return own.map((timestep) => placeOf(timestep, timesteps));
  return Array.from({ length: steps - start }, (_, i) =>
    Math.min(((start + i) * base.length) / steps, last),
  );
}

/** Between the timesteps of a falling list, 0 at its first. */
function placeOf(timestep: number, list: readonly number[]): number {
  const next = list.findIndex((other) => other <= timestep);
  if (next < 0) return list.length - 1;
  if (next === 0) return 0;
  const [above, below] = [list[next - 1]!, list[next]!];
  return next - 1 + (above - timestep) / (above - below);
}

/** The first choice in order that covers those of some steps, the last among them. */
function covering({ base, covers, order }: Placed, from: number, to: number): number {
  const wanted = new Set(base.slice(from, to + 1));
  return order.find((choice) => [...wanted].every((other) => covers[choice]!.includes(other))) ?? 0;
}
