/**
 * A second model beside the denoiser whose outputs are added inside it, as ControlNet's are (Zhang et al., arXiv
 * 2302.05543): it reads the same latent, timestep and conditions, and pictures of its own.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { outputMissing } from '../../errors/index.js';
import { encodeFloat16 } from '../../io/float16.js';
import type { CallContext, DenoiserCall } from './denoiser-call.js';
import {
  type LatentType,
  latentTensor,
  type TimestepFeed,
  timestepTensor,
  toFloat32,
} from './feeds.js';

export interface Control {
  readonly call: DenoiserCall;
  readonly roles: { readonly latent: string; readonly timestep: string };
  readonly latentType?: LatentType;
  readonly timestep: TimestepFeed;
  /** Conditions of the denoiser that it reads too, by the names that both have for them. */
  readonly shared: readonly string[];
  /** What it alone reads; of those in `rows` a row for each image, without doubling for guidance. */
  readonly feeds: InferenceSession.FeedsType;
  readonly rows: ReadonlySet<string>;
  /** By its output, the input of the denoiser that takes it. */
  readonly outputs: Readonly<Record<string, { readonly input: string; readonly type: LatentType }>>;
  /** By what its outputs are multiplied; default 1. */
  readonly scale?: number | undefined;
  /** It runs at every so many steps, and what it made is taken again at those between; default 1. */
  readonly interval?: number | undefined;
}

/** What a call of the denoiser is about to be fed. */
interface Fed {
  readonly conditions: InferenceSession.FeedsType;
  /** Without further channels. */
  readonly latent: Float32Array;
  readonly shape: readonly number[];
  readonly timestep: number;
  /** Copies of each image, two where both halves of guidance pairs are in one batch. */
  readonly copies: number;
}

export type Residuals = (fed: Fed, context: CallContext) => Promise<InferenceSession.FeedsType>;

/** What the denoiser is fed from the second model, call by call. */
export function residuals(Tensor: TensorConstructor, control: Control): Residuals {
  const { interval = 1 } = control;
  const kept = new Map<string, InferenceSession.FeedsType>();
  return async (fed, context) => {
    // each half has its own, and so has a batch of another size
    const key = `${context.half} ${fed.copies}`;
    const known = kept.get(key);
    if (known && context.step % interval !== 0) return known;
    const outputs = await control.call(feedsOf(Tensor, control, fed), context);
    const made = await scaledOutputs(Tensor, control, outputs);
    if (interval > 1) kept.set(key, made);
    return made;
  };
}

function feedsOf(Tensor: TensorConstructor, control: Control, fed: Fed) {
  const { roles, latentType = 'float32', rows } = control;
  const { conditions, latent, shape, timestep, copies } = fed;
  const own = Object.entries(control.feeds).map(([name, tensor]) => [
    name,
    rows.has(name) ? repeated(Tensor, tensor as Tensor, copies) : tensor,
  ]);
  const shared = control.shared.map((name) => [name, conditions[name]]);
  return {
    ...Object.fromEntries([...own, ...shared]),
    [roles.latent]: latentTensor(Tensor, latent, latentType, shape),
    [roles.timestep]: timestepTensor(Tensor, timestep, control.timestep, shape[0]!),
  };
}

/** All rows again, behind one another. */
function repeated(Tensor: TensorConstructor, tensor: Tensor, copies: number): Tensor {
  if (copies === 1) return tensor;
  const data = tensor.data as Float32Array;
  const all = new (data.constructor as Float32ArrayConstructor)(copies * data.length);
  for (let copy = 0; copy < copies; copy++) all.set(data, copy * data.length);
  const [rows = 1, ...rest] = tensor.dims;
  return new Tensor(tensor.type, all as never, [copies * rows, ...rest]);
}

async function scaledOutputs(
  Tensor: TensorConstructor,
  { outputs, scale = 1 }: Control,
  made: InferenceSession.ReturnType,
): Promise<InferenceSession.FeedsType> {
  const feeds: Record<string, Tensor> = {};
  for (const [output, { input, type }] of Object.entries(outputs)) {
    const tensor = made[output] as Tensor | undefined;
    if (!tensor) throw outputMissing(output, Object.keys(made));
    if (scale === 1 && tensor.type === type) {
      feeds[input] = tensor;
      continue;
    }
    const values = toFloat32(output, tensor.type, await tensor.getData()).map((v) => v * scale);
    const data = type === 'float16' ? encodeFloat16(values) : values;
    feeds[input] = new Tensor(type as 'float32', data as Float32Array, tensor.dims);
  }
  return feeds;
}
