/** Pipelines as diffusers and optimum keep them, with the digits U-Net as their denoiser. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { writeLayout } from './layouts.js';

const DIGITS = 'samples/digits/digits-unet.onnx';

const SCHEDULER = {
  _class_name: 'DDIMScheduler',
  num_train_timesteps: 1000,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  prediction_type: 'v_prediction',
  timestep_spacing: 'trailing',
  trained_betas: null,
  clip_sample: false,
};

/** Larger than what is copied because it may be edited. */
const LARGE = Buffer.alloc(5 * 2 ** 20, 'vae');

export function put(file: string, content: string | Buffer): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

/** @param data the file of the denoiser's weights; `inside` leaves them in the model */
export function makePipeline(
  folder: string,
  component = 'unet',
  data: 'inside' | (string & {}) = 'model.onnx_data',
): string {
  const at = (...names: string[]) => path.join(folder, ...names);
  writeLayout(at(component), fs.readFileSync(DIGITS), {
    file: () => (data === 'inside' ? undefined : data),
  });
  put(at(component, 'config.json'), '{"sample_size": 16}');
  put(at('model_index.json'), `{"_class_name": "X", "${component}": ["diffusers", "Y"]}`);
  put(at('scheduler/scheduler_config.json'), JSON.stringify(SCHEDULER));
  put(at('tokenizer/vocab.json'), '{}');
  put(at('safety_checker/model.onnx'), 'another model');
  put(at('safety_checker/deep/model.onnx_data'), LARGE);
  put(at('.cache/huggingface/lock'), '');
  return folder;
}

/** Turns a folder into a snapshot in the hub's cache: every file a relative link to a blob. */
export function intoHub(from: string, repository: string): string {
  const snapshot = path.join(repository, 'snapshots', 'abc');
  fs.mkdirSync(path.join(repository, 'blobs'), { recursive: true });
  for (const [i, file] of filesOf(from).entries()) {
    const blob = path.join(repository, 'blobs', `sha-${i}`);
    const link = path.join(snapshot, file);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.renameSync(path.join(from, file), blob);
    fs.symlinkSync(path.relative(path.dirname(link), blob), link);
  }
  fs.rmSync(from, { recursive: true });
  return snapshot;
}

export const filesOf = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

export const BUNDLE = ['full.onnx', 'report.json', 'schedule.json', 'shallow.onnx', 'weights.bin'];

/** The denoiser of `makePipeline`, unless told otherwise. */
export const ORIGINAL = ['model.onnx', 'model.onnx_data'];

/**
 * What a folder must hold when a bundle of the denoiser of `makePipeline` is in it: real files only.
 * @param denoiser files of its folder
 */
export function expectReplaced(
  out: string,
  component = 'unet',
  denoiser: readonly string[] = [...BUNDLE, ...ORIGINAL],
): void {
  const kept = [
    `${component}/config.json`,
    'model_index.json',
    'scheduler/scheduler_config.json',
    'tokenizer/vocab.json',
    'safety_checker/deep/model.onnx_data',
    'safety_checker/model.onnx',
  ];
  const made = denoiser.map((name) => `${component}/${name}`);
  expect(filesOf(out)).toEqual([...kept, ...made, 'stepfold.json'].sort());
  const data = fs.readFileSync(path.join(out, 'safety_checker/deep/model.onnx_data'));
  expect(data.equals(LARGE)).toBe(true);
  for (const file of filesOf(out))
    expect(fs.lstatSync(path.join(out, file)).isFile(), file).toBe(true);
}
