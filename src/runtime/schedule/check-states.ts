/**
 * Definite assignment across calls: a call may read only what an earlier call wrote since the start
 * of the image. Each offending read is reported once, at the first call that meets it.
 */
import type { Problem } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { pointer } from './pointer.js';

/** Assumes that every reference of the schedule holds. */
export function checkStates({ calls, programs, states }: Schedule): Problem[] {
  const written = new Set(
    Object.entries(states).flatMap(([id, { initial }]) =>
      initial ? [placeOf(states, id).item] : [],
    ),
  );
  const problems = new Map<string, Problem>();
  calls.forEach((id, call) => {
    const runs = programs[id]!.runs;
    runs.forEach((run, r) => {
      for (const [input, state] of Object.entries(run.reads ?? {})) {
        if (written.has(placeOf(states, state).item)) continue;
        const path = pointer('programs', id, 'runs', r, 'reads', input);
        if (problems.has(path)) continue;
        const message = `reads state "${state}" at call ${call} (program "${id}"), but no earlier call writes it`;
        problems.set(path, { path, message });
      }
    });
    // A state changes when its call has ended, so a call never reads what it writes itself.
    for (const run of runs) for (const state of Object.keys(run.writes ?? {})) written.add(state);
  });
  return [...problems.values()];
}

/** A state as a place in a history: whose value it holds, and how many times before the last. */
export function placeOf(
  states: Schedule['states'],
  id: string,
): { readonly item: string; readonly back: number } {
  const { follows } = states[id]!;
  if (follows === undefined) return { item: id, back: 0 };
  const { item, back } = placeOf(states, follows);
  return { item, back: back + 1 };
}
