/** Numpy-style broadcasting of shapes and of small contents. */
import type { DataType } from '../../ir/types.js';
import type { Rule, RuleContext } from './context.js';
import { broadcastIndex, elementAt, indicesOf } from './elements.js';
import { constantShape, type Fraction, MAX_CONTENTS, type Shape } from './facts.js';
import { type Compute, fits } from './fractions.js';

/** Broadcasts all inputs; computes small contents where every input has them. */
export function broadcasting(
  compute: Compute | undefined,
  dtype: (c: RuleContext) => DataType | undefined,
): Rule {
  return (c) => {
    const inputs = Array.from({ length: c.inputCount }, (_, i) => c.shape(i));
    const shape = c.broadcast(...inputs);
    const type = dtype(c);
    const contents = compute && computeAll(c, compute, inputs, shape, type);
    return { dtype: type, shape, contents };
  };
}

/** Small contents of a broadcast, element by element; undefined where nothing is known. */
export function computeAll(
  c: RuleContext,
  compute: Compute,
  inputs: readonly Shape[],
  shape: Shape,
  type: DataType | undefined,
): readonly Fraction[] | undefined {
  // its first parameter is the context
  if (inputs.length < compute.length - 1) c.fail(`it needs ${compute.length - 1} inputs`);
  const contents = inputs.map((_, i) => c.contents(i));
  const sizes = constantShape(shape);
  if (!sizes || sizes.reduce((n, d) => n * d, 1) > MAX_CONTENTS) return undefined;
  if (contents.some((e) => e === undefined)) return undefined;
  const from = inputs.map((s) => constantShape(s) as number[]);
  const results: Fraction[] = [];
  for (const index of indicesOf(sizes)) {
    const elements = contents.map((e, i) =>
      elementAt(
        e as readonly Fraction[],
        from[i] as number[],
        broadcastIndex(index, from[i] as number[]),
      ),
    );
    results.push(
      c.element(() => {
        const result = compute(c, ...elements);
        return result && fits(result, type) ? result : undefined;
      }),
    );
  }
  return results.every((r) => isMadeUp(r)) ? undefined : results;
}

function isMadeUp(value: Fraction): boolean {
  const [term] = value.over.terms;
  const atom = term?.factors[0];
  return value.over.terms.length === 1 && atom?.kind === 'symbol' && atom.atLeast === undefined;
}
