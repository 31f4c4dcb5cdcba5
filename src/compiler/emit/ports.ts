/** Inputs and outputs of a model, as schedules and loops have them. */
import { noElementType } from '../../errors/index.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { ElementType, Port } from '../../runtime/schedule/index.js';

/** Types that JavaScript can hand to an engine and take from it. */
const CARRIED: ReadonlySet<string> = new Set<ElementType>([
  'float32',
  'float16',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
  'int4',
  'uint4',
]);

/** @throws SCHEDULE_ELEMENT_TYPE when a value that crosses a border has a type JavaScript cannot carry */
export function elementType(name: string, type: string): ElementType {
  if (!CARRIED.has(type)) throw noElementType(name, type);
  return type as ElementType;
}

/** @throws SCHEDULE_ELEMENT_TYPE, for a type that is not known too */
export const statedPort = (shapes: ShapeTable, value: Value): Port => ({
  name: value.name,
  type: elementType(value.name, shapes.dtype(value) ?? 'undefined'),
  shape: shapes.stated(value) ?? [],
});
