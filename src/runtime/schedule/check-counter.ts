/** Checks what is said of states beside what they hold: that one counts calls, and what models call their sizes. */
import type { Problem } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { pointer } from './pointer.js';

/** One state at most counts, as a model can look up a table by it. */
export function checkCounter({ states, programs }: Schedule): Problem[] {
  const counting = Object.entries(states).filter(([, { counts }]) => counts);
  const problems = counting.flatMap(([id, { type, shape, initial, follows }], i): Problem[] => {
    const at = (message: string) => [{ path: pointer('states', id, 'counts'), message }];
    if (i > 0) return at(`stands where "${counting[0]![0]}" counts already`);
    const isCounter = type === 'int64' && shape.join() === '1' && initial?.join() === '0';
    return isCounter && follows === undefined
      ? []
      : at('stands where the state is not one int64 in shape [1] that begins with 0');
  });
  const [counter] = counting[0] ?? [];
  if (problems.length > 0 || counter === undefined) return problems;
  return Object.entries(programs).flatMap(([name, { runs }]) => {
    const has = (ids: (run: (typeof runs)[number]) => readonly string[]) =>
      runs.some((run) => ids(run).includes(counter));
    const reads = has((run) => Object.values(run.reads ?? {}));
    return reads && has((run) => Object.keys(run.writes ?? {}))
      ? []
      : [
          {
            path: pointer('programs', name),
            message: `must read and write "${counter}", which counts calls`,
          },
        ];
  });
}

export const checkSymbols = ({ states }: Schedule): Problem[] =>
  Object.entries(states).flatMap(([id, { shape, symbols }]) => {
    const fits =
      !symbols ||
      (symbols.length === shape.length &&
        symbols.every((symbol, axis) => symbol === null || typeof shape[axis] === 'string'));
    const message =
      'must have an entry for each axis, null where the size is a number or not known';
    return fits ? [] : [{ path: pointer('states', id, 'symbols'), message }];
  });

/** The loop as one model is none that programs run. */
export const checkWhole = ({ whole, models, programs }: Schedule): Problem[] => {
  if (!whole) return [];
  const at = (message: string) => [{ path: pointer('whole', 'model'), message }];
  if (!Object.hasOwn(models, whole.model)) return at(`names no model: "${whole.model}"`);
  const isRun = Object.values(programs).some(({ runs }) =>
    runs.some(({ model }) => model === whole.model),
  );
  return isRun ? at(`names a model that programs run: "${whole.model}"`) : [];
};
