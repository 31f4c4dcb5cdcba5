/** An image as plain values, to go on with later or elsewhere. */
import type { ElementType } from '../../generated/schedule.js';
import type { SavedIdentity } from './identity.js';

/** Elements as onnxruntime has them; those of float16 as bits, on every platform. */
export type SavedData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

export interface SavedState {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** In row-major order; states that are one tensor share it. */
  readonly data: SavedData;
  /** The call that wrote it, and the sizes of the inputs' symbols at that call; -1 where none has yet. */
  readonly call: number;
  readonly sizes: Readonly<Record<string, number>>;
}

export type SavedStates = Readonly<Record<string, SavedState>>;

export interface SavedImage {
  readonly format: 'stepfold.image';
  readonly version: 1;
  /** What it was saved from; another bundle, or another loop of it, does not take it. */
  readonly schedule: SavedIdentity;
  /** Calls that were made. */
  readonly callIndex: number;
  readonly states: SavedStates;
  /** What tells where another image begins; nothing that anybody else need look into. */
  readonly watch: object;
}

/** The image without anything beside what is known of it. */
export function fieldsOf({ schedule: identity, ...saved }: SavedImage): SavedImage {
  const { format, version, callIndex, watch } = saved;
  const { source, programs, calls, loop } = identity;
  const states = Object.entries(saved.states).map(
    ([id, { type, dims, data, call, sizes }]) => [id, { type, dims, data, call, sizes }] as const,
  );
  return {
    format,
    version,
    schedule: { source, programs, calls, loop },
    callIndex,
    states: Object.fromEntries(states),
    watch,
  };
}

/** The memory of what was saved, for a message after which nobody here needs it. */
export const transferOf = ({ states }: SavedImage): ArrayBuffer[] => {
  const buffers = Object.values(states).flatMap(({ data }) => {
    if (!ArrayBuffer.isView(data)) return [];
    const { buffer, byteLength } = data;
    // a view into a larger buffer (the memory of WebAssembly) is copied instead
    return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
  });
  return [...new Set(buffers)];
};
