/** Compares a shape table with what onnxruntime makes of every intermediate value. */
import { expect } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import type { ShapeTable } from '../../../src/model/shape/table.js';
import { hasFreshSymbol } from '../../../src/model/sizes/dim.js';
import { evaluate, substitute } from '../../../src/model/sizes/substitute.js';
import { observe, randomFeeds } from './engine.js';

export interface Checked {
  readonly values: number;
  /** Values whose shape the table could not tell, with its reason. */
  readonly unknown: string[];
  /** Values with a size that inference made up. */
  readonly madeUp: string[];
  /** Integer values of the engine of at most 256 elements, and how many of them the table knew. */
  readonly integers: number;
  readonly integersKnown: number;
}

/** Every claim of the table must hold: types, sizes, and elements. */
export async function checkTable(
  model: Model,
  table: ShapeTable,
  shapes: Readonly<Record<string, readonly number[]>>,
  bindings: ReadonlyMap<string, number>,
): Promise<Checked> {
  const unknown: string[] = [];
  const madeUp: string[] = [];
  const wrong: string[] = [];
  let [integers, integersKnown] = [0, 0];
  const seen = await observe(model, randomFeeds(model, shapes));
  for (const [value, real] of seen) {
    const what = `${value.producer?.opType} "${value.name}"`;
    const type = table.dtype(value);
    if (type !== real.dtype) wrong.push(`${what}: type ${type}, really ${real.dtype}`);
    const shape = table.shape(value);
    if (!shape) unknown.push(`${what}: ${table.whyUnknown(value)}`);
    else if (shape.some(hasFreshSymbol)) madeUp.push(`${what}: ${shape.join(', ')}`);
    const sizes = shape?.map((d) => evaluate(d, bindings));
    if (
      sizes &&
      (sizes.length !== real.dims.length ||
        sizes.some((s, i) => s !== undefined && s !== real.dims[i]))
    )
      wrong.push(`${what}: [${shape?.join(', ')}] = [${sizes}], really [${real.dims}]`);
    if (!real.elements) continue;
    integers++;
    const elements = table.contents(value)?.map((e) => substitute(e, bindings).exactConstant);
    if (elements?.every((e) => e !== undefined)) integersKnown++;
    if (elements?.some((e, i) => e !== undefined && e !== real.elements?.[i]))
      wrong.push(`${what}: elements ${table.contents(value)?.join(', ')}, really ${real.elements}`);
  }
  expect(wrong).toEqual([]);
  return { values: seen.size, unknown, madeUp, integers, integersKnown };
}
