/** Types of an instrumented graph's values, for those that cross the border of a model. */
import type { Model } from '../../model/ir/model.js';
import { tensorType, type ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../model/shape/index.js';
import type { InstrumentedSite, StateInfo, ValueTypes } from './instrumented.js';

/**
 * Types inferred for the source hold for its copy; a value that stands in for another, or is kept as
 * a state, has that one's type. Only for what is left the new graph is inferred, once.
 */
export function typeLookup(
  model: Model,
  originals: ReadonlyMap<Value, Value>,
  shapes: ShapeTable,
  sites: readonly InstrumentedSite[],
  states: ReadonlyMap<string, StateInfo>,
): ValueTypes {
  const standsFor = new Map<Value, Value>();
  const known = new Map<Value, ValueType>();
  for (const site of sites) {
    for (const values of site.produced.values())
      values.forEach((value, k) => {
        standsFor.set(value, site.outputs[k]!);
      });
    for (const kept of site.writes.values())
      for (const [id, value] of kept) {
        const { type, shape } = states.get(id)!;
        known.set(value, tensorType(type, shape));
      }
  }
  let made: ShapeTable | undefined;
  const inferred = (): ShapeTable => {
    made ??= inferShapes(model);
    return made;
  };
  return {
    typeOf: (value) => {
      const original = originals.get(value) ?? originals.get(standsFor.get(value)!);
      const type = (original && typeIn(shapes, original)) ?? known.get(value);
      return type ?? typeIn(inferred(), value);
    },
    whyUntyped: (value) => inferred().whyNoTensor(value) ?? 'it is declared to be no tensor',
  };
}

function typeIn(shapes: ShapeTable, value: Value): ValueType | undefined {
  const dtype = shapes.dtype(value);
  return dtype && tensorType(dtype, shapes.stated(value));
}
