/**
 * What the sizes of states are called where they enter a model that all calls share. There a state may be fed a
 * placeholder of another size while others have theirs, and onnxruntime fails where one symbol has two sizes in one
 * run: it plans to write one value into the memory of another ("Shape mismatch attempting to re-use buffer"). So each
 * state has symbols of its own, which a caller can give numbers to (`freeDimensionOverrides`).
 */
import { tensorType, type ValueType } from '../../model/ir/types.js';
import type { StateInfo } from './instrumented.js';

/** By state, for each axis the symbol that the model's input has there; null where that is a number, or nothing is known. */
export type StateSymbols = ReadonlyMap<string, readonly (string | null)[]>;

/** A size that is a symbol by itself, not an expression. */
const PLAIN = /^[A-Za-z_]\w*$/;

/** @param states with the name of the input that carries each */
export function stateSymbols(
  states: Iterable<readonly [input: string, state: StateInfo]>,
): StateSymbols {
  const taken = new Set<string>();
  const symbols = new Map<string, (string | null)[]>();
  for (const [input, { id, shape }] of states) {
    // a dash would be a minus to who reads the symbol as an expression
    const prefix = fresh(input.replace(/[^\w.]/g, '_'), taken);
    symbols.set(
      id,
      shape.map((dim, axis) =>
        typeof dim === 'string' ? `${prefix}.${PLAIN.test(dim) ? dim : axis}` : null,
      ),
    );
  }
  return symbols;
}

function fresh(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 1; taken.has(free); n++) free = `${name}_${n}`;
  taken.add(free);
  return free;
}

/** The type of a state's input. */
export const inputType = ({ id, type, shape }: StateInfo, symbols: StateSymbols): ValueType =>
  tensorType(
    type,
    shape.map((dim, axis) => (typeof dim === 'number' ? dim : (symbols.get(id)?.[axis] ?? null))),
  );

/** The type of its output: of a call that passes it through, the sizes are those of what it was fed. */
export const outputType = ({ type, shape }: StateInfo): ValueType =>
  tensorType(
    type,
    shape.map((dim) => (typeof dim === 'number' ? dim : null)),
  );
