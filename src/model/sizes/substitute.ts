/** Expressions with others, or numbers, in the place of their symbols. */
import { maximum, minimum } from './bounds.js';
import { type DimExpr, type DimLike, NoSize, replaceAtoms, toDim } from './dim.js';
import { floorDivide } from './divide.js';

/** The size under concrete symbols; undefined when one is missing, or where there is no such size. */
export function evaluate(
  value: DimExpr,
  bindings: ReadonlyMap<string, number>,
): number | undefined {
  try {
    return substitute(value, bindings).constant;
  } catch (error) {
    if (!(error instanceof NoSize)) throw error;
    return undefined;
  }
}

/** Puts expressions in the place of symbols and simplifies again. */
export function substitute(value: DimExpr, bindings: ReadonlyMap<string, DimLike>): DimExpr {
  if (value.exactConstant !== undefined) return value;
  return replaceAtoms(value, (atom) => {
    switch (atom.kind) {
      case 'symbol': {
        const bound = bindings.get(atom.name);
        return bound === undefined ? undefined : toDim(bound);
      }
      case 'floor': {
        const denominator = substitute(atom.denominator, bindings);
        // for these sizes there is no such size, so the expression stays as it is
        if (denominator.exactConstant === 0n) return undefined;
        return floorDivide(substitute(atom.numerator, bindings), denominator);
      }
      case 'max':
      case 'min': {
        const pick = atom.kind === 'max' ? maximum : minimum;
        return pick(...atom.operands.map((o) => substitute(o, bindings)));
      }
    }
  });
}
