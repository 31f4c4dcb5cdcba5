/**
 * The program of each call: of those that do what the rules ask of it, the first that keeps all that later calls read.
 * Calls are gone through from the last to the first, with how many of the last values of each state are still wanted.
 */
import type { Program, Schedule } from '../../../generated/schedule.js';
import { placeOf } from '../check-states.js';

/** @param candidates by call, programs that differ in what they write, least first */
export function chosenPrograms(
  { programs, states }: Pick<Schedule, 'programs' | 'states'>,
  candidates: readonly (readonly string[])[],
): string[] {
  /** By state that heads a history: so many of its values, the last first, later calls read. */
  const wanted = new Map<string, number>();
  const chosen: string[] = [];
  const writes = ofEach(programs, writtenBy);
  const reads = ofEach(programs, readBy);
  for (const names of candidates.toReversed()) {
    const own = names.map((name) => ({ name, writes: writes(name) }));
    const possible = new Set(own.flatMap(({ writes }) => [...writes]));
    const needed = [...possible].filter((state) => (wanted.get(state) ?? 0) > 0);
    // where none has all of it, as in a file that contradicts itself, reading it will say so
    const { name } =
      own.find(({ writes }) => needed.every((state) => writes.has(state))) ?? own.at(-1)!;
    chosen.push(name);
    for (const state of needed) wanted.set(state, wanted.get(state)! - 1);
    for (const state of reads(name)) {
      const { item, back } = placeOf(states, state);
      wanted.set(item, Math.max(wanted.get(item) ?? 0, back + 1));
    }
  }
  return chosen.reverse();
}

/** What is asked of programs at many calls, found out once for each of them. */
export function ofEach<T>(
  programs: Schedule['programs'],
  ask: (program: Program) => T,
): (name: string) => T {
  const answers = new Map<string, T>();
  return (name) => {
    const known = answers.get(name) ?? ask(programs[name]!);
    answers.set(name, known);
    return known;
  };
}

/** The states that a program leaves. */
export const writtenBy = ({ runs }: Program): Set<string> =>
  new Set(runs.flatMap(({ writes = {} }) => Object.keys(writes)));

/** The states that a program takes. */
export const readBy = ({ runs }: Program): Set<string> =>
  new Set(runs.flatMap(({ reads = {} }) => Object.values(reads)));

/** The parameters that it is fed. */
export const fedTo = ({ runs }: Program): Set<string> =>
  new Set(runs.flatMap(({ parameters = {} }) => Object.values(parameters)));
