/** Models whose plan lies inside them, and which take from a state how many calls there were. */
import type { Constant, Program, Run, Schedule } from '../../generated/schedule.js';

/** The state that counts calls, where there is one. */
export const counterOf = (states: Schedule['states']): string | undefined =>
  Object.entries(states).find(([, { counts }]) => counts)?.[0];

/** A run at one call, whatever calls there were before: what counts them is given as a constant. */
export function runAt(run: Run, counter: string, call: number): Run {
  const { reads = {}, writes = {}, constants = {}, ...rest } = run;
  const counting = Object.entries(reads).filter(([, state]) => state === counter);
  if (counting.length === 0) return run;
  const given = counting.map(([input]): [string, Constant] => [
    input,
    { type: 'int64', shape: [1], data: [call] },
  ]);
  const without = (record: Readonly<Record<string, string>>, is: (entry: string[]) => boolean) => {
    const left = Object.entries(record).filter((entry) => !is(entry));
    return left.length > 0 ? Object.fromEntries(left) : undefined;
  };
  const read = without(reads, ([, state]) => state === counter);
  const written = without(writes, ([state]) => state === counter);
  return {
    ...rest,
    constants: { ...constants, ...Object.fromEntries(given) },
    ...(read && { reads: read }),
    ...(written && { writes: written }),
  };
}

/**
 * A schedule whose programs run by themselves, in any order: each as at the first call that runs it. Itself where
 * nothing counts.
 */
export function uncounted<S extends Pick<Schedule, 'states' | 'programs' | 'calls'>>(
  schedule: S,
): S {
  const counter = counterOf(schedule.states);
  if (counter === undefined) return schedule;
  const { [counter]: _, ...states } = schedule.states;
  const programs = Object.fromEntries(
    Object.entries(schedule.programs).map(([name, program]): [string, Program] => {
      const call = Math.max(0, schedule.calls.indexOf(name));
      return [name, { ...program, runs: program.runs.map((run) => runAt(run, counter, call)) }];
    }),
  );
  return { ...schedule, states, programs };
}
