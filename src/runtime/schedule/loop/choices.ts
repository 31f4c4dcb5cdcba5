/** The choice that a rule makes for each step of a loop. */
import type { Placed, Rule } from '../../../generated/schedule.js';
import { nonUniformCalls } from './crowded.js';
import { evenSteps, everyNth } from './full-steps.js';
import { type LoopShape, stepsTaken } from './loop-shape.js';
import { placedChoices } from './placed.js';

export type When = Rule['when'];

/** The number of a choice for each step that is taken. */
export function choicesOf(when: When, loop: LoopShape): number[] {
  if (when.kind === 'placed') return placedChoices(when, loop);
  const taken = stepsTaken(loop);
  const full = new Set(fullSteps(when, taken));
  return Array.from({ length: taken }, (_, step) =>
    full.has(step) ? 0 : choiceBetween(when.between, step, taken),
  );
}

function fullSteps(when: Exclude<When, Placed>, taken: number): readonly number[] {
  switch (when.kind) {
    case 'every':
      return everyNth(taken, when.interval, when);
    case 'even':
      return evenSteps(taken, Math.min(when.count, taken));
    case 'crowded': {
      const { interval, center, power } = when;
      const found = center < taken ? nonUniformCalls(taken, interval, center, power) : undefined;
      return found ?? everyNth(taken, interval);
    }
  }
}

/** Of a step that is not full. */
export function choiceBetween(
  between: Exclude<When, Placed>['between'],
  step: number,
  taken: number,
): number {
  const found = between.find(
    ({ before, beforePart }) =>
      step < (before ?? (beforePart === undefined ? Infinity : Math.floor(beforePart * taken))),
  );
  // the schedule's check has made sure that the last holds always
  return (found ?? between.at(-1)!).choice;
}
