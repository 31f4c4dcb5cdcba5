/** What is said of a loop beside the one that its bundle was made for. */
import { loopTitle } from '../evidence/tune/setting.js';
import type { LoopChoice } from '../evidence/yardstick/index.js';
import { stepsFor } from '../runtime/samplers/index.js';
import { loopOf } from '../runtime/schedule/index.js';
import type { LoopModel } from './loop-model.js';
import { print } from './output.js';

/** Which loop a run goes through, whoever said it, and what of it the bundle kept. */
export function printUsedLoop(
  found: Pick<LoopModel<unknown>, 'made' | 'schedule' | 'others'>,
  choice: LoopChoice,
  { seed, kept }: { readonly seed: number; readonly kept: readonly string[] },
): void {
  if (!found.made || found.others.length > 0)
    print(`${loopTitle(placedBy(choice))}; seed ${seed}.`);
  printMadeLoop(found, choice);
  printKept(kept);
}

/** @param kept flags that a bundle stood for */
export function printKept(kept: readonly string[]): void {
  if (kept.length > 0) print(`Kept in the bundle: ${kept.join(' ')}`);
}

/** Nothing of a bundle that does not say. */
export function printMadeLoop(
  { made, schedule, others }: Pick<LoopModel<unknown>, 'made' | 'schedule' | 'others'>,
  choice: LoopChoice,
): void {
  if (!made || !schedule) return;
  const own =
    made.name === choice.name ? stepsFor(made.name, loopOf(schedule).steps) : choice.steps;
  const steps = own === choice.steps ? [] : [`--steps ${choice.steps} (${own})`];
  const all = [...others, ...steps];
  if (all.length > 0) printOthers(all);
  else print(`The loop that the bundle was made for: ${loopTitle(placedBy(choice))}.`);
}

/** Levels that are placed leave nothing to a spacing. */
const placedBy = ({ spacing, ...choice }: LoopChoice): LoopChoice =>
  (choice['levels'] ?? 'spaced') === 'spaced' ? { ...choice, spacing } : choice;

/** @param others flags with what the bundle has in their place */
export const printOthers = (others: readonly string[]): void =>
  print(`Not the loop that the bundle was made for: ${others.join(', ')}.`);
