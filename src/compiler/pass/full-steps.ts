/** Passes whose plan is one choice: which steps of the loop are full. At the others everything is taken as it was kept, or forecast. */
import { badOption } from '../../errors/index.js';

export interface FullStepsRule {
  /**
   * The options under which exactly these steps are full, in place of whatever says so in those given. At a full step
   * every site is computed; what a step does that is none depends on nothing but the step.
   * @param full ascending; step 0 is among them
   */
  at(
    options: Readonly<Record<string, unknown>>,
    full: readonly number[],
  ): Readonly<Record<string, unknown>>;
  /** The options under which so many steps are full, at even distances: a rule, and no list. */
  evenly(
    options: Readonly<Record<string, unknown>>,
    count: number,
  ): Readonly<Record<string, unknown>>;
  /**
   * The steps that are full under options in a loop of so many, ascending: what `at` and `evenly` say, read back, and
   * whatever else the schema has for it. Left out: a search starts from no setting of the pass that says so otherwise.
   */
  of?(options: Readonly<Record<string, unknown>>, steps: number): readonly number[];
  /** Whether `order` and `basis` are options under these; left out: where the pass's schema has them. */
  forecasts?(options: Readonly<Record<string, unknown>>): boolean;
}

/**
 * An option `full` that lists the full steps.
 * @throws PASS_OPTION
 */
export function listedSteps(pass: string, full: readonly number[], steps: number): number[] {
  const beyond = full.find((step) => step >= steps);
  if (beyond !== undefined)
    throw badOption(pass, 'full', `step ${beyond} does not exist in a loop of ${steps} steps`);
  if (!full.includes(0))
    throw badOption(pass, 'full', 'step 0 must be full, since nothing is kept before it');
  return [...full];
}
