/**
 * The scale that a layer works at, as the number of places it makes channels for: pixels or tokens, of all images.
 * Sizes that a model leaves free count as one large number, since scales of one graph alone are compared.
 */
import { multipliesWeight } from '../../../model/cost/index.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { type ShapeTable, symbolsOf } from '../../../model/shape/index.js';

/** Divisible by all the scales of a network, and large enough that what is added to it does not matter. */
const FREE = 4096;
/** Values looked at between a feature map and a layer that made it. */
const MOST_LOOKED_AT = 64;

export class Scales {
  private readonly known = new Map<Value, readonly number[] | undefined>();

  constructor(private readonly shapes: ShapeTable) {}

  /** Places that a layer with a weight makes channels for. */
  of(layer: Node): number | undefined {
    if (!multipliesWeight(layer)) return undefined;
    const elements = this.elements(layer.output);
    const sizes = this.sizes(layer.output);
    const channels = layer.opType.includes('Conv') ? sizes?.[1] : sizes?.at(-1);
    return elements === undefined || !channels ? undefined : elements / channels;
  }

  /** The scale at which a feature map was made, and lies still: that of a layer behind it with as many elements. */
  ofMap(value: Value): number | undefined {
    const elements = this.elements(value);
    if (elements === undefined) return undefined;
    const seen = new Set([value]);
    for (const { producer } of seen) {
      if (!producer) continue;
      const scale = this.of(producer);
      if (scale !== undefined) return scale;
      for (const input of producer.inputs)
        if (input && this.elements(input) === elements) seen.add(input);
      if (seen.size > MOST_LOOKED_AT) return undefined;
    }
    return undefined;
  }

  private elements(value: Value): number | undefined {
    return this.sizes(value)?.reduce((a, b) => a * b, 1);
  }

  private sizes(value: Value): readonly number[] | undefined {
    if (!this.known.has(value)) this.known.set(value, this.evaluated(value));
    return this.known.get(value);
  }

  private evaluated(value: Value): readonly number[] | undefined {
    const symbols = new Set<string>();
    for (const size of this.shapes.shape(value) ?? []) symbolsOf(size, symbols);
    return this.shapes.concrete(value, new Map([...symbols].map((name) => [name, FREE])));
  }
}
