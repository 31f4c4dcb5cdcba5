/**
 * Tensors at the border of the denoising loop: the latent and the timestep going in, the prediction
 * coming out. Takes the Tensor class as an argument, so that any onnxruntime package will do.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import {
  outputElementType,
  outputMissing,
  outputShape,
  toldInWholes,
  unknownSamplerChoice,
} from '../../errors/index.js';
import { decodeFloat16, encodeFloat16 } from '../../io/float16.js';
import type { Port } from '../schedule/index.js';

export type LatentType = 'float32' | 'float16';

/** How the denoiser takes its timestep. */
export interface TimestepFeed {
  /** Fractions are rounded for integer types. */
  readonly type: TimestepType;
  /** `scalar`: no dimensions; `one`: [1]; `batch`: one per image, [batch]. */
  readonly shape: TimestepShape;
  /** Sizes behind these, where there are any: models that take one timestep for every token. */
  readonly rest?: readonly number[];
}

export type TimestepType = 'int64' | 'int32' | 'float32' | 'float64' | 'float16';
export type TimestepShape = 'scalar' | 'one' | 'batch';

/**
 * How a denoiser takes its timestep, by the input's port in a schedule.
 * @param rest sizes of the port's dimensions behind the first
 */
export function timestepFeed({ type, shape }: Port, rest: readonly number[] = []): TimestepFeed {
  const form = shape.length === 0 ? 'scalar' : shape[0] === 1 ? 'one' : 'batch';
  return { type: type as TimestepFeed['type'], shape: form, ...(rest.length > 0 && { rest }) };
}

export function latentTensor(
  Tensor: TensorConstructor,
  latent: Float32Array,
  type: LatentType,
  shape: readonly number[],
): Tensor {
  return type === 'float16'
    ? new Tensor('float16', encodeFloat16(latent), shape)
    : new Tensor('float32', latent, shape);
}

const TIMESTEP_DATA: Record<TimestepType, (timestep: number, count: number) => Tensor.DataType> = {
  int64: (timestep, count) => new BigInt64Array(count).fill(BigInt(Math.round(timestep))),
  int32: (timestep, count) => new Int32Array(count).fill(Math.round(timestep)),
  float32: (timestep, count) => new Float32Array(count).fill(timestep),
  float64: (timestep, count) => new Float64Array(count).fill(timestep),
  float16: (timestep, count) => encodeFloat16(new Float32Array(count).fill(timestep)),
};

const TIMESTEP_DIMS: Record<TimestepShape, (batch: number) => readonly number[]> = {
  scalar: () => [],
  one: () => [1],
  batch: (batch) => [batch],
};

/**
 * A scale of timesteps that lies between 0 and 1 cannot be told in whole numbers; training timesteps are rounded.
 * @param told in place of the timesteps
 * @throws DENOISE_TIMESTEP_TYPE
 */
export function checkTold(
  { told, timesteps }: { readonly told: readonly number[]; readonly timesteps: readonly number[] },
  { type }: TimestepFeed,
  input: string,
): void {
  if (type !== 'int64' && type !== 'int32') return;
  const scaled = told.some((value, step) => Math.floor(timesteps[step]!) !== Math.floor(value));
  if (scaled) throw toldInWholes(input, type, told[Math.floor(told.length / 2)]!);
}

/** @throws SAMPLER_UNKNOWN_CHOICE */
export function timestepTensor(
  Tensor: TensorConstructor,
  timestep: number,
  { type, shape, rest = [] }: TimestepFeed,
  batch: number,
): Tensor {
  if (!Object.hasOwn(TIMESTEP_DATA, type)) {
    throw unknownSamplerChoice('timestep type', type, Object.keys(TIMESTEP_DATA));
  }
  if (!Object.hasOwn(TIMESTEP_DIMS, shape)) {
    throw unknownSamplerChoice('timestep shape', shape, Object.keys(TIMESTEP_DIMS));
  }
  const dims = [...TIMESTEP_DIMS[shape](batch), ...rest];
  const count = dims.reduce((product, size) => product * size, 1);
  return new Tensor(type, TIMESTEP_DATA[type](timestep, count) as never, dims);
}

/**
 * Puts further channels behind those of a latent, image by image.
 * @param shape [batch, channels, ...] of the latent
 * @param beside [batch, channels, ...]; fewer images are repeated, as the halves of a guidance pair are
 */
export function joinChannels(
  latent: Float32Array,
  shape: readonly number[],
  beside: Tensor,
): { data: Float32Array; shape: readonly number[] } {
  const [batch = 1, channels = 1, ...sizes] = shape;
  const values = toFloat32('latent', beside.type, beside.data);
  const own = latent.length / batch;
  const further = values.length / beside.dims[0]!;
  const data = new Float32Array(batch * (own + further));
  for (let image = 0; image < batch; image++) {
    const [from, other] = [image * own, (image % beside.dims[0]!) * further];
    data.set(latent.subarray(from, from + own), image * (own + further));
    data.set(values.subarray(other, other + further), image * (own + further) + own);
  }
  return { data, shape: [batch, channels + beside.dims[1]!, ...sizes] };
}

export function toFloat32(output: string, type: string, data: Tensor.DataType): Float32Array {
  if (data instanceof Float32Array) return data;
  // Where the engine has no Float16Array, onnxruntime gives the bit patterns.
  if (type === 'float16' && data instanceof Uint16Array) return decodeFloat16(data);
  if (type === 'float16' || type === 'float64') return Float32Array.from(data as Float64Array);
  throw outputElementType(output, type);
}

/** A shape without its axes of one: where these alone differ, elements lie in the same order. */
const squeezed = (dims: readonly number[]) => dims.filter((size) => size !== 1).join();

/**
 * The prediction for each image, as float32 in row-major order of `shape`.
 *
 * An output with twice the latent's channels also holds the learned variance (Nichol and Dhariwal,
 * arXiv 2102.09672, section 3.1), after the prediction in each image; the samplers here leave it out.
 *
 * Axes of one may be missing, or there may be more of them: some exporters leave out the batch, or keep an axis of
 * frames.
 *
 * @param shape [batch, channels, ...] of the latent that was fed
 * @throws DENOISE_OUTPUT_MISSING, DENOISE_OUTPUT_SHAPE, DENOISE_OUTPUT_TYPE
 */
export async function readPrediction(
  outputs: InferenceSession.ReturnType,
  output: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const tensor = outputs[output] as Tensor | undefined;
  if (!tensor) throw outputMissing(output, Object.keys(outputs));
  const [batch = 1, channels = 1, ...rest] = shape;
  const has = (wanted: readonly number[]) => tensor.dims.join() === wanted.join();
  const withVariance = has([batch, 2 * channels, ...rest]);
  const isAlike = squeezed(tensor.dims) === squeezed(shape);
  if (!withVariance && !isAlike) throw outputShape(output, tensor.dims, shape);

  const values = toFloat32(output, tensor.type, await tensor.getData());
  if (!withVariance) return values;
  const perImage = values.length / batch;
  const prediction = new Float32Array(values.length / 2);
  for (let image = 0; image < batch; image++) {
    const start = image * perImage;
    prediction.set(values.subarray(start, start + perImage / 2), (image * perImage) / 2);
  }
  return prediction;
}
