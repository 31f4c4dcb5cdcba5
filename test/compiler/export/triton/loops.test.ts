/**
 * Whole loops as Triton batches them: requests that are joined give each what the bundle's own model gives it, with a scale
 * of guidance and noise of steps of its own.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../../passes/deepcache/index.js';
import { exportTriton } from '../../../../src/compiler/export/triton/index.js';
import { createRandom } from '../../../../src/runtime/samplers/index.js';
import { DIGITS, scratchFolder } from '../../../cli/stepfold.js';
import { EXACT } from '../../../helpers/compile.js';
import { modelOf } from '../../../helpers/text.js';
import { bundleOf, CALLS } from './bundles.js';
import { whyNoProtoc } from './protoc.js';
import { inferTogether } from './simulator/batches.js';
import { Model } from './simulator/model.js';
import type { Request } from './simulator/requests.js';
import { countOf, forEngine, joined, rowsOf, type Tensor } from './simulator/tensors.js';

const folder = scratchFolder('triton-loops');
const at = (...names: string[]) => path.join(folder, ...names);
const guidance = { order: 'uncond-first', mode: 'batch' } as const;

const floats = (seed: number, dims: readonly number[]): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(createRandom(seed).normals(countOf(dims))),
});
const scales = (...values: number[]): Tensor => ({
  type: 'float32',
  dims: [values.length, 1],
  data: Float32Array.from(values),
});
const labels = (...values: number[]): Tensor => ({
  type: 'int64',
  dims: [values.length, 1],
  data: BigInt64Array.from(values, BigInt),
});

/** As many images as labels. */
const request = (seed: number, scale: number, ...digits: number[]): Request => ({
  inputs: {
    noise: floats(seed, [digits.length, 1, 16, 16]),
    step_noise: floats(seed + 1, [digits.length, CALLS, 1, 16, 16]),
    guidance_scale: scales(...digits.map(() => scale)),
    class_labels: labels(...digits),
    'unconditional.class_labels': labels(...digits.map(() => 10)),
  },
});

/** [images, steps, …] as the bundle wants it, the other way round. */
function stepsFirst({ dims, data, type }: Tensor): Tensor {
  const [images, steps, ...rest] = dims as [number, number, ...number[]];
  const each = countOf(rest);
  const made = new Float32Array(data.length);
  for (let i = 0; i < images; i++)
    for (let s = 0; s < steps; s++)
      made.set(
        (data as Float32Array).subarray((i * steps + s) * each, (i * steps + s + 1) * each),
        (s * images + i) * each,
      );
  return { type, dims: [steps, images, ...rest], data: made };
}

const decoder = () =>
  modelOf(
    `agraph (float[images, 1, h, w] latent) => (float[images, ?, ?, ?] sample) {
       sample = Concat <axis = 1> (latent, latent, latent)
     }`,
  );

describe.skipIf(whyNoProtoc() !== undefined)('loops', () => {
  beforeAll(async () => {
    await bundleOf(
      DIGITS,
      at('loop'),
      {
        emit: 'loop',
        guidance,
        whole: {
          sampler: { name: 'ddim', options: { steps: CALLS, eta: 1 } },
          decoder: { model: decoder(), label: 'vae', scale: { scaling: 1, shift: 0 } },
        },
      },
      (pipeline) => pipeline.use(deepcache, { branch: 3, interval: 2 }),
    );
    await exportTriton({ bundle: at('loop'), repository: at('repository'), maxBatch: 3 });
  });

  test('are loaded with an image of zeros, and run together as far as they fit', async () => {
    const model = await Model.load(at('repository', 'loop'), EXACT);
    const requests = [request(1, 1.5, 3), request(3, 4, 7, 1), request(5, 2, 9)];
    const { responses, batches } = await inferTogether(model, requests);
    expect(batches).toEqual([2, 1]);
    await model.release();
    const session = await ort.InferenceSession.create(at('loop', 'loop.onnx'), EXACT);
    const ranks = new Map(
      session.inputMetadata.flatMap((port) =>
        port.isTensor ? [[port.name, port.shape.length]] : [],
      ),
    );
    for (const [group, start] of [
      [requests.slice(0, 2), 0],
      [requests.slice(2), 2],
    ] as const) {
      const all = (name: string) => joined(group.map(({ inputs }) => inputs[name]!));
      const sizes = group.map(({ inputs }) => inputs.noise!.dims[0]!);
      let first = 0;
      for (const [i, { inputs }] of group.entries()) {
        // one scale for all of them, of which one's own rows are taken
        const feeds = {
          noise: all('noise'),
          step_noise: stepsFirst(all('step_noise')),
          guidance_scale: {
            ...inputs.guidance_scale!,
            data: inputs.guidance_scale!.data.slice(0, 1),
          },
          class_labels: { ...all('class_labels'), dims: [sizes.reduce((a, b) => a + b)] },
          'unconditional.class_labels': {
            ...all('unconditional.class_labels'),
            dims: [sizes.reduce((a, b) => a + b)],
          },
        } as Record<string, Tensor>;
        const found = await session.run(
          Object.fromEntries(
            Object.entries(feeds).map(([name, tensor]) => [
              name,
              forEngine(tensor, ranks.get(name)!),
            ]),
          ),
        );
        for (const name of ['latent', 'image']) {
          const own = rowsOf(found[name] as unknown as Tensor, first, sizes[i]!);
          expect(responses[start + i]![name]).toEqual(own);
        }
        first += sizes[i]!;
      }
    }
    await session.release();
    expect(responses[0]!.image!.dims).toEqual([1, 3, 16, 16]);
  });

  test('whose sizes differ share no batch, and too many rows are refused', async () => {
    const model = await Model.load(at('repository', 'loop'), EXACT);
    await expect(inferTogether(model, [request(1, 1, 1, 2, 3, 4)])).rejects.toThrow(
      'batch-size must be <= 3',
    );
    await expect(
      inferTogether(model, [
        { inputs: { ...request(1, 1, 1).inputs, guidance_scale: scales(1, 2) } },
      ]),
    ).rejects.toThrow('batch size does not match');
    await model.release();
  });

  test('pictures are described as the engine sees them, not as the decoder declares them', () => {
    const text = fs.readFileSync(at('repository', 'loop', 'config.pbtxt'), 'utf8');
    expect(text).toMatch(/name: "image"\n {2}data_type: TYPE_FP32\n {2}dims: \[ 3, 16, 16 \]/);
  });
});
