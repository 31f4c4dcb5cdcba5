/** A trained sample that is kept as a pipeline's folder: its reference values, and guided loops as `run` goes through them. */
import fs from 'node:fs';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { splitSettings } from '../../src/cli/loop-options.js';
import { samplerSettings } from '../../src/cli/loop-settings.js';
import type { LoopDenoiser } from '../../src/evidence/measure/index.js';
import { readNpy } from '../../src/io/npy.js';
import { findModel, readScheduler } from '../../src/runtime/model-folder/index.js';
import {
  denoise,
  type Sampler,
  type SamplerName,
  samplerFrom,
  timestepFeed,
} from '../../src/runtime/samplers/index.js';

export const NO_CLASS = 10n;
export const GUIDANCE = 2;
const INPUTS = ['sample', 'timestep', 'class_labels'];

export const labelsOf = (values: readonly bigint[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values), [values.length]);

export const farthest = (found: Float32Array, wanted: Float32Array) => {
  expect(found).toHaveLength(wanted.length);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
};

/**
 * @param folder in samples/
 * @param size pixels along a side of its pictures
 */
export function trainedSample(folder: string, size: number) {
  const at = `samples/${folder}`;
  const reference = (name: string) => {
    const file = `${at}/reference/${name}.npy`;
    return readNpy(fs.readFileSync(file), file);
  };
  const floats = (name: string) => Float32Array.from(reference(name).data, Number);
  const tensor = (name: string) => {
    const { type, data, dims } = reference(name);
    return new ort.Tensor(type, data as never, dims);
  };

  return {
    model: findModel(at).file,
    floats,

    /** Classes of the pictures of the reference's loop. */
    classes: () => Array.from(reference('loop_labels').data, BigInt),

    /** One call on the reference's inputs. */
    async call({ call }: LoopDenoiser): Promise<Float32Array> {
      const feeds = Object.fromEntries(INPUTS.map((name) => [name, tensor(name)]));
      const { out_sample } = await call(feeds, { step: 0, call: 0, half: 'both' });
      return out_sample!.data as Float32Array;
    },

    /** A sampler that reads the folder's scheduler, as the command line makes it. */
    sampler(method: SamplerName, steps: number): Sampler {
      const { noise, folder: found } = splitSettings(readScheduler(at, { sampler: method }));
      const args = { bundle: '', sampler: method, steps, ...noise };
      return samplerFrom(method, samplerSettings(args as never, undefined, found));
    },

    pictures(
      { call, ports }: Pick<LoopDenoiser, 'call' | 'ports'>,
      sampler: Sampler,
      noise: Float32Array,
      classes: readonly bigint[],
    ): Promise<Float32Array> {
      return denoise({
        call,
        ort,
        sampler,
        noise,
        seed: 0,
        latentShape: [classes.length, 1, size, size],
        roles: { latent: 'sample', timestep: 'timestep', output: 'out_sample' },
        timestep: timestepFeed(ports.inputs.find(({ name }) => name === 'timestep')!),
        feeds: { class_labels: labelsOf(classes) },
        guidance: {
          scale: GUIDANCE,
          order: 'uncond-first',
          mode: 'batch',
          unconditional: { class_labels: labelsOf(classes.map(() => NO_CLASS)) },
        },
      });
    },
  };
}
