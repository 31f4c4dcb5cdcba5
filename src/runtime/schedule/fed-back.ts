/** A model that counts its calls, as it is run without a schedule: which of its inputs carry states, and what is fed back as each. */
import type { Schedule } from '../../generated/schedule.js';

const INPUT = /^(stepfold\w*)\.in\./;

/** By input, the state that it carries. */
export function carriedStates({ programs }: Pick<Schedule, 'programs'>): Map<string, string> {
  const runs = Object.values(programs).flatMap((program) => program.runs);
  return new Map(runs.flatMap(({ reads, unused }) => Object.entries({ ...reads, ...unused })));
}

/** The output that is fed back as an input. */
export const fedBackAs = (input: string): string => input.replace(INPUT, '$1.out.');
