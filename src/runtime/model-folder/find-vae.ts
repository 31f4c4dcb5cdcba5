/**
 * The models of a pipeline that make pictures of latents and latents of pictures, as optimum exports them:
 * `vae_decoder/model.onnx` and `vae_encoder/model.onnx`, each with the configuration of the whole beside it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { vaeConfig } from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';

export interface FoundVae {
  /** The .onnx file. */
  readonly file: string;
  readonly scale: VaeScale;
}

/** By what latents of a loop differ from those of the VAE: (x − shift) · scaling, or (x − mean) · scaling / std. */
export interface VaeScale {
  readonly scaling: number;
  readonly shift: number;
  /** By channel, where the configuration has them, in place of the shift. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** What diffusers takes where a configuration does not say. */
const SCALING = 0.18215;
const CONFIG_FILE = 'config.json';

/**
 * @returns nothing where the folder has no such model
 * @throws FOLDER_VAE
 */
export function findVae(folder: string, which: 'decoder' | 'encoder'): FoundVae | undefined {
  const component = `vae_${which}`;
  const file = path.join(folder, component, 'model.onnx');
  if (!fs.existsSync(file)) return undefined;
  const configs = [component, 'vae', 'vae_decoder', 'vae_encoder'];
  const config = configs
    .map((name) => path.join(folder, name, CONFIG_FILE))
    .find((one) => fs.existsSync(one));
  return { file, scale: config === undefined ? { scaling: SCALING, shift: 0 } : readScale(config) };
}

function readScale(file: string): VaeScale {
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(readRegularText(file));
  } catch (error) {
    throw vaeConfig(file, (error as Error).message);
  }
  if (typeof config !== 'object' || config === null) throw vaeConfig(file, 'it is no JSON object');
  const number = (key: string, missing: number): number => {
    const value = config[key] ?? missing;
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw vaeConfig(file, `"${key}" is no number`);
    return value;
  };
  const list = (key: string): readonly number[] | undefined => {
    const value = config[key] ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(Number.isFinite))
      throw vaeConfig(file, `"${key}" is no list of numbers`);
    return value as number[];
  };
  const scaling = number('scaling_factor', SCALING);
  if (scaling === 0) throw vaeConfig(file, '"scaling_factor" is 0');
  const [mean, std] = [list('latents_mean'), list('latents_std')];
  if ((mean === undefined) !== (std === undefined) || std?.includes(0))
    throw vaeConfig(file, '"latents_mean" and "latents_std" do not go together');
  return { scaling, shift: number('shift_factor', 0), ...(mean && { mean }), ...(std && { std }) };
}
