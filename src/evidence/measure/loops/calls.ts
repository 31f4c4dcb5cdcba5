/** Rows and programs of a loop, worked out anew for `verify` from what docs/schedule.md says of them. */
import { type Loop, placeOf, type Rule, type Schedule } from '../../../runtime/schedule/index.js';
import { statesOf } from '../bundle.js';
import { type LoopLength, referenceChoices } from './choices.js';

export type Ruled = Schedule & { readonly loop: Loop & Required<Pick<Loop, 'rules' | 'rows'>> };

export interface ReferenceLoop extends LoopLength {
  /** By step, the index of its row. */
  readonly rows: readonly number[];
  /** The program of each call. */
  readonly calls: readonly string[];
}

export function referenceLoop(schedule: Ruled, length: LoopLength): ReferenceLoop {
  const { rules, rows: known } = schedule.loop;
  const asked = rules.map(({ when }) => referenceChoices(when, length));
  const rows = Array.from({ length: length.steps - length.start }, (_, step) => {
    const wanted = asked.map((choices) => choices[step]!);
    const same = known.findIndex(({ choices }) => choices.join() === wanted.join());
    if (same >= 0) return same;
    return known.findIndex(({ choices }) =>
      choices.every((own, r) => stands(rules[r]!, own, wanted[r]!)),
    );
  });
  const candidates = rows.flatMap((row) => known[row]!.programs);
  return { ...length, rows, calls: programsOf(schedule, candidates) };
}

const stands = ({ when }: Rule, own: number, wanted: number): boolean =>
  own === 0 || own === wanted || (when.kind === 'placed' && when.covers[own]!.includes(wanted));

/**
 * Of each call the first program that leaves all that is read of it. That is looked up anew at each call among all that come
 * behind it: a reader that takes what was left b times before the last takes this call's where at most b others between left it.
 */
function programsOf(
  schedule: Schedule,
  candidates: readonly (readonly string[])[],
): readonly string[] {
  const access = new Map(
    Object.keys(schedule.programs).map((name) => {
      const { reads, writes } = statesOf(schedule, name);
      const takes = reads.map((state) => placeOf(schedule.states, state));
      return [name, { takes, leaves: new Set(writes) }] as const;
    }),
  );
  const chosen: string[] = candidates.map(() => '');
  const isRead = (call: number, state: string): boolean => {
    let between = 0;
    for (let later = call + 1; later < chosen.length; later++) {
      const { takes, leaves } = access.get(chosen[later]!)!;
      if (takes.some(({ item, back }) => item === state && back >= between)) return true;
      if (leaves.has(state)) between++;
    }
    return false;
  };
  for (let call = candidates.length - 1; call >= 0; call--) {
    const names = candidates[call]!;
    const possible = new Set(names.flatMap((name) => [...access.get(name)!.leaves]));
    const needed = [...possible].filter((state) => isRead(call, state));
    const leavesAll = (name: string) => needed.every((s) => access.get(name)!.leaves.has(s));
    chosen[call] = names.find(leavesAll) ?? names.at(-1)!;
  }
  return chosen;
}
