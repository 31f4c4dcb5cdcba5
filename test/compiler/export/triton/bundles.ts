/** Small bundles in every form, and the loop that a caller would run over one. */
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { writeBundle } from '../../../../src/compiler/emit/index.js';
import { Pipeline, type PipelineOptions } from '../../../../src/compiler/pipeline/index.js';
import { fillWeights } from '../../../../src/evidence/fill/fill.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { createRandom } from '../../../../src/runtime/samplers/index.js';
import type { Tensor } from './simulator/tensors.js';

export const CALLS = 5;
export const TIMESTEPS = [900, 700, 500, 300, 100];

/** A U-Net as optimum exports them: open sizes, and a timestep without axes. Random weights. */
export const optimumUnet = (folder: string): string =>
  fillWeights({ model: 'samples/corpus/unet-optimum-14.onnx', folder: path.join(folder, 'source') })
    .model;

/** @returns the bundle's folder */
export async function bundleOf(
  sourceFile: string,
  folder: string,
  options: Partial<PipelineOptions>,
  use: (pipeline: Pipeline) => Pipeline,
): Promise<string> {
  const pipeline = use(Pipeline.create({ calls: CALLS, ...options } as PipelineOptions));
  writeBundle(await pipeline.compile(loadModel(sourceFile)), folder, { sourceFile });
  return folder;
}

export interface Image {
  readonly seed: number;
  /** Of the latent. */
  readonly dims: readonly number[];
  readonly tokens: number;
}

const normals = (seed: number, dims: readonly number[]): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(createRandom(seed).normals(dims.reduce((count, dim) => count * dim, 1))),
});

/** What the U-Net is fed at each call, made as it goes. */
export class Loop {
  private latent: Float32Array;
  private readonly prompt: Tensor;
  private call = 0;

  constructor(private readonly image: Image) {
    this.latent = normals(image.seed, image.dims).data as Float32Array;
    this.prompt = normals(image.seed + 1000, [image.dims[0]!, image.tokens, 24]);
  }

  get isFirst(): boolean {
    return this.call === 0;
  }

  get isLast(): boolean {
    return this.call === CALLS - 1;
  }

  feeds(): Record<string, Tensor> {
    return {
      sample: { type: 'float32', dims: this.image.dims, data: this.latent },
      timestep: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(TIMESTEPS[this.call]!)) },
      encoder_hidden_states: this.prompt,
    };
  }

  step(noise: ArrayLike<number>): void {
    this.latent = this.latent.map((value, i) => value - 0.1 * noise[i]!);
    this.call++;
  }

  /** Bytes of the latent behind the last call. */
  get result(): Buffer {
    if (this.call !== CALLS) throw new Error(`${this.call} calls of ${CALLS} are made`);
    return Buffer.from(this.latent.buffer);
  }
}

/** The same by a session. */
export async function plainLoop(
  image: Image,
  run: (feeds: Record<string, ort.Tensor>) => Promise<Record<string, { readonly data: unknown }>>,
): Promise<Buffer> {
  const loop = new Loop(image);
  for (let call = 0; call < CALLS; call++) {
    const feeds = Object.entries(loop.feeds()).map(([name, { type, dims, data }]) => {
      const shape = name === 'timestep' ? [] : [...dims];
      return [name, new ort.Tensor(type, data as never, shape)] as const;
    });
    const { out_sample: noise } = await run(Object.fromEntries(feeds));
    loop.step(noise!.data as Float32Array);
  }
  return loop.result;
}
