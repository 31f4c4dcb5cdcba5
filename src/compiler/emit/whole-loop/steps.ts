/**
 * The step of a sampler as nodes: what it leaves, of what it goes by. Sums are made in float64, as samplers make them, since those
 * of high order have weights that nearly cancel; what goes from step to step is float32.
 */
import type { Value } from '../../../model/ir/value.js';
import type { Builder } from './builder.js';
import type { Slot, Source, StepTables } from './step-tables.js';

/** A number of each step as a scalar; nothing where it is 1 at all of them, and one constant where it is the same. */
export function numberAt(
  builder: Builder,
  numbers: readonly number[],
  step: Value,
): Value | undefined {
  const [first] = numbers;
  if (numbers.every((value) => value === first))
    return first === 1 ? undefined : builder.doubles([first!], []);
  return builder.gather(builder.doubles(numbers), step);
}

/** A value times a number of each step, in float32. */
export function scaledAt(
  builder: Builder,
  value: Value,
  numbers: readonly number[],
  step: Value,
): Value {
  return sumOf(builder, [[value, numberAt(builder, numbers, step)]])!;
}

/** A sum of products in float32; a value alone as it is. */
export function sumOf(
  builder: Builder,
  terms: readonly (readonly [value: Value, factor: Value | undefined])[],
): Value | undefined {
  const [first, ...others] = terms;
  if (!first || (others.length === 0 && !first[1])) return first?.[0];
  const products = terms.map(([value, factor]) => {
    const double = builder.double(value);
    return factor ? builder.add('Mul', [double, factor]) : double;
  });
  return builder.single(products.reduce((all, one) => builder.add('Add', [all, one])));
}

/**
 * @param given what the step goes by
 * @returns what it leaves; of what it never sets, what came in
 */
export function leave(
  builder: Builder,
  { slots, weights }: StepTables,
  given: ReadonlyMap<Source, Value>,
  step: Value,
): Map<Slot, Value> {
  return new Map(
    slots.map((slot) => {
      const terms = [...weights.get(slot)!]
        .filter(([, row]) => row.some((weight) => weight !== 0))
        .map(([source, row]) => [given.get(source)!, numberAt(builder, row, step)] as const);
      return [slot, sumOf(builder, terms) ?? given.get(slot)!] as const;
    }),
  );
}
