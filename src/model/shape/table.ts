/** The result of shape inference: facts by value, and why some are missing. */
import type { DataType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Equality } from '../operators/rules/context.js';
import { asIntegers, type Facts } from '../operators/rules/facts.js';
import type { DimExpr } from '../sizes/dim.js';
import { evaluate } from '../sizes/substitute.js';

export class ShapeTable {
  /** @internal use `inferShapes` */
  constructor(
    private readonly facts: ReadonlyMap<Value, Facts>,
    /**
     * Sizes that were written differently and that an operator forces to be equal.
     * @internal
     */
    readonly equalities: readonly Equality[],
  ) {}

  dtype(value: Value): DataType | undefined {
    return this.facts.get(value)?.dtype;
  }

  /** Is it a sequence of tensors, or an optional? */
  holdsTensors(value: Value): boolean {
    const { sequence, optional } = this.facts.get(value) ?? {};
    return sequence !== undefined || optional !== undefined;
  }

  /** Why a value is none that can go from one model to another; undefined where it is one. */
  whyNoTensor(value: Value): string | undefined {
    const { dtype, sequence, optional, why } = this.facts.get(value) ?? {};
    if (sequence) return 'it is a sequence';
    if (optional) return 'it is optional';
    return dtype ? undefined : `the type of its elements is not known${why ? `: ${why}` : ''}`;
  }

  /** The sizes, symbolic where they depend on an input's; undefined when the rank is not known. */
  shape(value: Value): readonly DimExpr[] | undefined {
    return this.facts.get(value)?.shape;
  }

  /** The sizes as a file states them: numbers, and expressions as text. */
  stated(value: Value): (number | string)[] | undefined {
    return this.shape(value)?.map((size) => size.stated);
  }

  /** Elements, in row-major order, of a small tensor of integers or booleans (as 0 and 1). */
  contents(value: Value): readonly DimExpr[] | undefined {
    const { dtype, contents } = this.facts.get(value) ?? {};
    if (!contents || (dtype !== 'bool' && !/^u?int/.test(dtype ?? ''))) return undefined;
    return asIntegers(contents);
  }

  /** Why a value's shape is not known: one sentence that names the node where the trail ends. */
  whyUnknown(value: Value): string | undefined {
    const facts = this.facts.get(value);
    if (facts?.shape) return undefined;
    return facts?.why ?? `"${value.name}" is not part of the graph that was inferred`;
  }

  /** The sizes under concrete symbols; undefined when a symbol is missing or the shape unknown. */
  concrete(value: Value, bindings: ReadonlyMap<string, number>): number[] | undefined {
    const sizes = this.shape(value)?.map((dim) => evaluate(dim, bindings));
    return sizes?.every((s) => s !== undefined) ? (sizes as number[]) : undefined;
  }
}
