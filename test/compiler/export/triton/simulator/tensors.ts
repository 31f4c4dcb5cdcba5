/** Arrays in requests, as a server holds them: bytes of a type, with a shape. */
import * as ort from 'onnxruntime-node';

export interface Tensor {
  readonly type: ort.Tensor.Type;
  readonly dims: readonly number[];
  readonly data: ort.Tensor['data'];
}

/** The engine's name of a type, and an array of it. */
const TYPES = {
  TYPE_FP32: ['float32', Float32Array],
  TYPE_FP16: ['float16', Uint16Array],
  TYPE_INT64: ['int64', BigInt64Array],
  TYPE_INT32: ['int32', Int32Array],
  TYPE_BOOL: ['bool', Uint8Array],
} as const;

const known = (type: string) => {
  if (!(type in TYPES)) throw new Error(`unsupported datatype ${type}`);
  return TYPES[type as keyof typeof TYPES];
};

export const engineType = (type: string): ort.Tensor.Type => known(type)[0];

export const countOf = (dims: readonly number[]) => dims.reduce((count, dim) => count * dim, 1);

export function zeros(type: string, dims: readonly number[]): Tensor {
  const [name, ArrayOf] = known(type);
  return { type: name, dims, data: new ArrayOf(countOf(dims)) as ort.Tensor['data'] };
}

export const forEngine = ({ type, dims, data }: Tensor, rank: number): ort.Tensor =>
  // a scalar is sent as [1]
  new ort.Tensor(type, data as never, rank === 0 ? [] : [...dims]);

/** A copy: what an engine gives may be its own. */
export const ofEngine = ({ type, dims, data }: ort.Tensor): Tensor => ({
  type,
  dims: [...dims],
  data: (data as Float32Array).slice(),
});

/** One behind the other along the first axis. */
export function joined(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const rows = tensors.reduce((sum, { dims }) => sum + dims[0]!, 0);
  const ArrayOf = first!.data.constructor as typeof Float32Array;
  const data = new ArrayOf(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { type: first!.type, dims: [rows, ...first!.dims.slice(1)], data };
}

export function rowsOf(tensor: Tensor, first: number, count: number): Tensor {
  const row = countOf(tensor.dims.slice(1));
  const data = (tensor.data as Float32Array).slice(first * row, (first + count) * row);
  return { type: tensor.type, dims: [count, ...tensor.dims.slice(1)], data };
}
