/**
 * Sizes of symbolic dimensions, read off the feeds of a call. A state was made under the bindings
 * of the call that wrote it; a call with others (a batch of 2 after one of 1) must not read it:
 * onnxruntime would fail with a message about some inner node, or broadcast and give a wrong result.
 */
import type { InferenceSession } from 'onnxruntime-common';
import type { Port, Shape } from '../../generated/schedule.js';

/** Size by symbol; a dimension without one is named `input[axis]`. */
export type Bindings = ReadonlyMap<string, number>;

/** Bindings of a call. Where inputs disagree about a symbol the first one counts, as the engine allows it. */
export function bind(inputs: readonly Port[], feeds: InferenceSession.FeedsType): Bindings {
  const bindings = new Map<string, number>();
  for (const { name, shape } of inputs) {
    const dims = (feeds[name] as { dims?: readonly number[] }).dims;
    if (dims?.length !== shape.length) continue;
    shape.forEach((dim, axis) => {
      const symbol = dim ?? `${name}[${axis}]`;
      if (typeof symbol === 'string' && !bindings.has(symbol)) bindings.set(symbol, dims[axis]!);
    });
  }
  return bindings;
}

/** The first symbol that a state of this shape depends on and that has another size than before. */
export function changedSymbol(shape: Shape, before: Bindings, now: Bindings): string | undefined {
  return [...symbolsOf(shape, now)].find(
    (symbol) => before.has(symbol) && before.get(symbol) !== now.get(symbol),
  );
}

/** Symbols that the shape is made of; all of them where it has a dimension that nothing is known of. */
function symbolsOf(shape: Shape, known: Bindings): Set<string> {
  const symbols = new Set<string>();
  for (const dim of shape) {
    if (typeof dim === 'number') continue;
    if (dim !== null && known.has(dim)) {
      symbols.add(dim);
      continue;
    }
    // An expression such as "floor(height/2)": the identifiers that are symbols of the inputs.
    const parts = (dim?.match(/[\p{L}_][\p{L}\p{N}_.]*/gu) ?? []).filter((part) => known.has(part));
    if (parts.length === 0) return new Set(known.keys());
    for (const part of parts) symbols.add(part);
  }
  return symbols;
}
