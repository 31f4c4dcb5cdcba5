/**
 * Whether a choice may stand for another: where a schedule places what was found, it says so itself, and a word too much
 * there takes something less exact than what was found. Judged by what passes say that strategies mean.
 */
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Problem } from '../../../errors/index.js';
import type { Rule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { meaningOf } from '../reference/meanings.js';
import type { Ruled } from './calls.js';

export const coverProblems = ({ loop }: Ruled, known: KnownStrategies): Problem[] =>
  loop.rules.flatMap((rule, r) => [...choiceZero(rule, r, known), ...coversOf(rule, r, known)]);

/** It begins loops, where nothing was kept yet. */
const choiceZero = ({ choices }: Rule, r: number, known: KnownStrategies): Problem[] => {
  const takes = choices[0]!.flat().find((name) => {
    const meaning = meaningOf(name, known);
    return meaning && (meaning.values === 'kept' || meaning.run || meaning.residual);
  });
  return takes === undefined
    ? []
    : [
        {
          path: pointer('loop', 'rules', r, 'choices', 0),
          message: `has "${takes}", where nothing was kept yet`,
        },
      ];
};

function coversOf({ when, choices }: Rule, r: number, known: KnownStrategies): Problem[] {
  if (when.kind !== 'placed') return [];
  const namesOf = (choice: number) => choices[choice]!.flat();
  return when.covers.flatMap((others, own) =>
    others.flatMap((other) => {
      const less = namesOf(own).findIndex((name, i) => !isAsExact(name, namesOf(other)[i]!, known));
      return less < 0
        ? []
        : [
            {
              path: pointer('loop', 'rules', r, 'when', 'covers', own),
              message: `says that choice ${own} stands for ${other}, where "${namesOf(own)[less]}" is less exact than "${namesOf(other)[less]}"`,
            },
          ];
    }),
  );
}

/** What is computed anew, if only in part, is more exact than what was kept; of two that are, the one that leaves out less. */
function isAsExact(own: string, other: string, known: KnownStrategies): boolean {
  if (own === other || own === 'compute') return true;
  const [a, b] = [meaningOf(own, known), meaningOf(other, known)];
  if (!a || !b) return false;
  const computes = a.values === 'network' && !a.run && !a.derives;
  const alone = a.banded && !a.residual;
  if (!computes) return false;
  if (b.values === 'kept') return !alone;
  if (b.values !== 'network' || b.run || b.derives) return false;
  return (!a.banded || b.banded) && (!a.shared || b.shared) && (!alone || !b.residual);
}
