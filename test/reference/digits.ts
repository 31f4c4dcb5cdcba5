/** The digits transformer as an engine sees it: where it lies, and its inputs. */
import * as ort from 'onnxruntime-node';
import { batchNoise } from '../../src/runtime/samplers/index.js';
import { flat, type Matrix } from './numbers.js';

export const DIGITS_FILE = 'samples/dit-digits/dit-digits.onnx';
export const IMAGE_SHAPE = [1, 24, 24] as const;
export const NO_CLASS = 10;

/** Standard normal images, rounded to float32 as an engine takes them. */
export function noiseImages(seed: number, count: number): Matrix[] {
  const [channels, height, width] = IMAGE_SHAPE;
  const pixels = channels * height * width;
  const noise = batchNoise(seed, [count, ...IMAGE_SHAPE])();
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from(noise.subarray(i * pixels, (i + 1) * pixels)),
  );
}

export function modelFeeds(
  images: readonly Matrix[],
  timestep: number,
  labels: readonly number[],
): Record<string, ort.Tensor> {
  const integers = (values: readonly number[]) =>
    new ort.Tensor('int64', values.map(BigInt), [values.length]);
  return {
    sample: new ort.Tensor('float32', Float32Array.from(flat(images)), [
      images.length,
      ...IMAGE_SHAPE,
    ]),
    timestep: integers(images.map(() => timestep)),
    class_labels: integers(labels),
  };
}
