/** The step of a sampler as nodes: what it leaves, of what it goes by. */
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
    return first === 1 ? undefined : builder.floats([first!], []);
  return builder.gather(builder.floats(numbers), step);
}

/** A value times a number of each step. */
export function scaledAt(
  builder: Builder,
  value: Value,
  numbers: readonly number[],
  step: Value,
): Value {
  const factor = numberAt(builder, numbers, step);
  return factor ? builder.add('Mul', [value, factor]) : value;
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
        .map(([source, row]) => scaledAt(builder, given.get(source)!, row, step));
      const sum = terms.reduce<Value | undefined>(
        (all, term) => (all ? builder.add('Add', [all, term]) : term),
        undefined,
      );
      return [slot, sum ?? given.get(slot)!] as const;
    }),
  );
}
