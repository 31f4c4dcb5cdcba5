/** What earlier calls have left, as a value: a loop can be gone on with from any step in more than one way. */
import type { Tensor } from 'onnxruntime-common';
import type { CallHistory, Histories } from '../../compiler/plan/index.js';

export interface Kept {
  readonly call: number;
  readonly tensor: Tensor;
}

/** By state that none before it follows: what it held, the last first. */
export type History = ReadonlyMap<string, readonly Kept[]>;

export const NOTHING: History = new Map();

/** The history with what one call has left, no longer than so many values. */
export function withKept(history: History, kept: ReadonlyMap<string, Kept>, most: number): History {
  const next = new Map(history);
  for (const [state, one] of kept)
    next.set(state, [one, ...(history.get(state) ?? [])].slice(0, most));
  return next;
}

/** The value of a place; where there is none so far back, the first that there was. */
export function valueAt(
  history: History,
  { root, back }: ReturnType<Histories['placeOf']>,
): Tensor | undefined {
  const values = history.get(root) ?? [];
  return (values[back] ?? values.at(-1))?.tensor;
}

/** As parameters ask for it. */
export const callHistory = (history: History, call: number): CallHistory => ({
  call,
  written: (state) => (history.get(state) ?? []).map((kept) => kept.call),
});
