/** Pictures and masks as the inputs of a loop. */
import type { Tensor } from 'onnxruntime-common';
import { pictureShape, vaeNeeded } from '../errors/index.js';
import { loadOrt } from '../evidence/measure/engine.js';
import { type DenoiserPorts, ownLatent } from '../evidence/measure/index.js';
import { maskOf } from '../evidence/measure/loop-start.js';
import { openEncoder } from '../evidence/measure/vae.js';
import { decodePng, type Picture } from '../io/images.js';
import { readRegular } from '../io/regular-file.js';
import { findVae } from '../runtime/model-folder/index.js';
import { readArray } from './arguments.js';

const isPng = (file: string) => /\.png$/i.test(file);

/** A mask of one channel from 0 to 1. @throws FILE_NOT_FOUND, FILE_UNREADABLE, PNG_INVALID, the NPY_ errors */
export async function readMask(file: string): Promise<Tensor> {
  if (!isPng(file)) return readArray(file);
  const picture = decodePng(readRegular(file), file);
  const levels = planes(picture, 1);
  return tensorOf(
    levels.map((level) => level / 255),
    [1, 1, picture.height, picture.width],
  );
}

export interface InitPlace {
  readonly ports: DenoiserPorts;
  /** Name of the latent input. */
  readonly latent: string;
  /** Of a pipeline, where there is one. */
  readonly folder: string | undefined;
}

/**
 * What models for inpainting take beside the latent: the mask, and the latents of the picture without what it hides.
 * @returns nothing where the model takes something else there, or what it needs is no picture
 */
export async function readBeside(
  init: string,
  mask: Tensor,
  place: InitPlace,
): Promise<Tensor | undefined> {
  const port = place.ports.inputs.find(({ name }) => name === place.latent);
  if (!port || !isPng(init)) return undefined;
  const [all, own] = [port.shape[1], ownLatent(place.ports, port).shape[1]];
  if (typeof all !== 'number' || typeof own !== 'number' || all !== 2 * own + 1) return undefined;
  const { data, dims } = await readInit(init, place, mask);
  const [, , ...sizes] = dims;
  const small = maskOf(mask, [1, 1, ...sizes]);
  const both = Float32Array.from([...small, ...(data as Float32Array)]);
  return tensorOf(both, [1, 1 + own, ...sizes]);
}

/**
 * Latents of a picture: its pixels where the model works on them, else what the folder's encoder makes of it.
 * @param hidden a mask: where it is 0.5 or more, pixels are grey
 * @throws VAE_NEEDED, PICTURE_SHAPE, FOLDER_VAE and what reading files throws
 */
export async function readInit(
  file: string,
  { ports, latent, folder }: InitPlace,
  hidden?: Tensor,
): Promise<Tensor> {
  if (!isPng(file)) return readArray(file);
  const picture = decodePng(readRegular(file), file);
  const port = ports.inputs.find(({ name }) => name === latent);
  const channels = port && ownLatent(ports, port).shape[1];
  const vae = folder === undefined ? undefined : findVae(folder, 'encoder');
  const dims = [1, 3, picture.height, picture.width];
  if (vae && typeof channels === 'number') {
    const encoder = await openEncoder(vae, channels);
    try {
      const pixels = covered(pixelsOf(picture, 3), picture, hidden);
      const made = await encoder.run({ data: pixels, dims });
      return tensorOf(made.data, made.dims);
    } finally {
      await encoder.release();
    }
  }
  if ((channels !== 1 && channels !== 3) || port?.shape.length !== 4)
    throw vaeNeeded(file, channels ?? 'unknown');
  const [, , height, width] = port.shape;
  const fits = (wants: unknown, has: number) => typeof wants !== 'number' || wants === has;
  if (!fits(height, picture.height) || !fits(width, picture.width))
    throw pictureShape(
      file,
      `${picture.width} by ${picture.height} pixels`,
      `${width} by ${height}`,
    );
  const pixels = covered(pixelsOf(picture, channels), picture, hidden);
  return tensorOf(pixels, dims.with(1, channels));
}

const pixelsOf = (picture: Picture, channels: 1 | 3): Float32Array =>
  planes(picture, channels).map((level) => level / 127.5 - 1);

/** Levels by channel; grey is in all three, three make grey by their mean, and transparency is left out. */
function planes({ width, height, channels, data }: Picture, wanted: 1 | 3): Float32Array {
  const colours = channels < 3 ? 1 : 3;
  const count = width * height;
  const level = (pixel: number, colour: number) => data[pixel * channels + colour]!;
  return Float32Array.from({ length: wanted * count }, (_, i) => {
    const [plane, pixel] = [Math.floor(i / count), i % count];
    if (colours === 1) return level(pixel, 0);
    if (wanted === 3) return level(pixel, plane);
    return (level(pixel, 0) + level(pixel, 1) + level(pixel, 2)) / 3;
  });
}

/** Hides what a mask is to make anew. */
function covered(pixels: Float32Array, { width, height }: Picture, mask?: Tensor): Float32Array {
  if (!mask) return pixels;
  const [rows = 1, columns = 1] = mask.dims.slice(-2);
  const values = mask.data as Float32Array;
  return pixels.map((value, i) => {
    const [row, column] = [Math.floor(i / width) % height, i % width];
    const at = Math.floor((row * rows) / height) * columns + Math.floor((column * columns) / width);
    return values[at]! >= 0.5 ? 0 : value;
  });
}

async function tensorOf(data: Float32Array, dims: readonly number[]): Promise<Tensor> {
  const ort = await loadOrt();
  return new ort.Tensor('float32', data, dims) as unknown as Tensor;
}
