/** Numbers for all sizes that a bundle's models leave open, of those of the source's inputs. */
import { sizesUnknown } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { sizeOf } from '../../model/shape/stated.js';

/**
 * What to give onnxruntime as `freeDimensionOverrides` so that every input has a fixed size, those of states among them: a
 * state's are called otherwise than the source's in models that all calls share, and follow from them.
 *
 * @param sizes of the symbols in the shapes of the source's inputs
 *
 * @example
 * const options = { freeDimensionOverrides: freeDimensions(schedule, { batch: 2, height: 64, width: 64 }) };
 *
 * @throws SIZES_UNKNOWN where one of them is missing
 */
export function freeDimensions(
  { source, states }: Pick<Schedule, 'source' | 'states'>,
  sizes: Readonly<Record<string, number>>,
): Record<string, number> {
  const bindings = new Map(Object.entries(sizes));
  const named = new Map<string, number>();
  const name = (symbol: string, size: string) => {
    const value = sizeOf(size, bindings);
    if (value === undefined) throw sizesUnknown(size, [...bindings.keys()]);
    named.set(symbol, value);
  };
  for (const { shape } of source.inputs)
    for (const dim of shape) if (typeof dim === 'string') name(dim, dim);
  for (const { shape, symbols } of Object.values(states))
    for (const [axis, dim] of shape.entries())
      if (typeof dim === 'string') name(symbols?.[axis] ?? dim, dim);
  return Object.fromEntries(named);
}
