/**
 * Choices that were found for the steps of one loop, in another. Full steps with one choice between them are spread apart. Of
 * more choices each step takes what the nearest of those steps has, and is as exact as all that it passes over, so that no
 * refresh is lost; a longer loop keeps the share of each choice.
 */
import type { Placed } from '../../../generated/schedule.js';
import { apart } from './apart.js';
import type { LoopShape } from './loop-shape.js';

/** The choice of each step that is taken. */
export function placedChoices(rule: Placed, loop: LoopShape): number[] {
  return rule.apart ? apart(rule.base, loop) : nearestChoices(rule, loop);
}

function nearestChoices(rule: Placed, loop: LoopShape): number[] {
  const last = rule.base.length - 1;
  let behind = 0;
  const nearest = nearestIn(rule, loop);
  return nearest.map(([first, end], i) => {
    const from = Math.min(first, behind);
    const to = i === nearest.length - 1 ? last : end;
    behind = end + 1;
    // what a loop can begin with is what its step 0 has, and choice 0
    if (i === 0 && (loop.start > 0 || to > 0)) return 0;
    return covering(rule, rule.base.slice(from, to + 1));
  });
}

type Stretch = readonly [first: number, last: number];

/** The steps of the rule's loop that are nearest to each step: one, or more that are equally near. */
function nearestIn({ base, timesteps }: Placed, { steps, start, timesteps: own }: LoopShape) {
  if (timesteps && own)
    return own.map((at) => leastOf(timesteps.map((other) => Math.abs(other - at))));
  // both loops from 0 to 1, times the steps of both but one: whole numbers, so that ties are ties
  return Array.from({ length: steps - start }, (_, i) =>
    leastOf(base.map((__, j) => Math.abs((start + i) * (base.length - 1) - j * (steps - 1)))),
  );
}

function leastOf(distances: readonly number[]): Stretch {
  const least = distances.reduce((a, b) => Math.min(a, b));
  return [distances.indexOf(least), distances.lastIndexOf(least)];
}

/** Of some choices the one that covers the others or, where none does, the first in order that covers all. */
function covering({ covers, order }: Placed, choices: readonly number[]): number {
  const wanted = [...new Set(choices)];
  const enough = order.filter((own) => wanted.every((other) => covers[own]!.includes(other)));
  return enough.find((own) => wanted.includes(own)) ?? enough[0] ?? 0;
}
