/** Latents to pictures and back, by the models of a pipeline's folder. One image at a time, so that large ones fit. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { prepare } from '../../compiler/pipeline/index.js';
import { vaePorts } from '../../errors/index.js';
import { decodeFloat16, encodeFloat16 } from '../../io/float16.js';
import { elementCount } from '../../model/ir/tensor.js';
import { loadModel } from '../../model/onnx/files.js';
import type { FoundVae, VaeScale } from '../../runtime/model-folder/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { modelPorts } from './denoise-bundle.js';
import { loadOrt, type Ort, runModel } from './engine.js';
import { engineOptions } from './engine-options.js';
import { takeRows } from './rows.js';
import { openSource } from './scratch.js';

export interface Images {
  readonly data: Float32Array;
  /** [images, channels, height, width] */
  readonly dims: readonly number[];
}

export interface Vae {
  /** Of what it takes. */
  readonly channels: number | undefined;
  /** @param images of a loop, or pictures from -1 to 1 */
  run(images: Images): Promise<Images>;
  release(): Promise<void>;
}

/** Pictures of a loop's latents. @throws FOLDER_VAE and what models throw */
export async function openDecoder({ file, scale }: FoundVae): Promise<Vae> {
  const model = await open(file);
  return { ...model, run: (latents) => model.run(scaled(latents, scale, 'from loop')) };
}

/**
 * A loop's latents of pictures: the mean, where the encoder gives a distribution.
 * @param channels of the loop's latents
 * @throws FOLDER_VAE and what models throw
 */
export async function openEncoder({ file, scale }: FoundVae, channels: number): Promise<Vae> {
  const model = await open(file);
  return {
    ...model,
    async run(pictures) {
      const made = await model.run(pictures);
      const [images = 1, found = 0, ...sizes] = made.dims;
      if (found !== channels && found !== 2 * channels)
        throw vaePorts(file, `it gives ${found} channels for latents of ${channels}`);
      // behind the mean stands the logarithm of the variance
      const each = elementCount(sizes);
      const data = new Float32Array(images * channels * each);
      for (let i = 0; i < images; i++) {
        const from = i * found * each;
        data.set(made.data.subarray(from, from + channels * each), i * channels * each);
      }
      return scaled({ data, dims: [images, channels, ...sizes] }, scale, 'to loop');
    },
  };
}

function scaled(
  { data, dims }: Images,
  { scaling, shift, mean, std }: VaeScale,
  way: 'from loop' | 'to loop',
): Images {
  const channels = dims[1]!;
  const each = elementCount(dims.slice(2));
  const values = data.map((value, i) => {
    const channel = Math.floor(i / each) % channels;
    const [middle, spread] = mean && std ? [mean[channel]!, std[channel]!] : [shift, 1];
    return way === 'to loop'
      ? ((value - middle) * scaling) / spread
      : (value * spread) / scaling + middle;
  });
  return { data: values, dims };
}

async function open(file: string): Promise<Vae> {
  const { inputs, outputs } = modelPorts(await prepare(loadModel(file)));
  const [input, another] = inputs;
  const [output] = outputs;
  if (!input || another || input.shape.length !== 4)
    throw vaePorts(file, 'it does not take one array of four dimensions');
  if (output?.shape.length !== 4) throw vaePorts(file, 'it does not give four dimensions');
  const ort = await loadOrt();
  const session = await openSource(ort, file, engineOptions());
  const channels = input.shape[1];
  return {
    channels: typeof channels === 'number' ? channels : undefined,
    run: (images) => oneByOne(ort, session, file, input, output.name, images),
    release: () => session.release(),
  };
}

async function oneByOne(
  ort: Ort,
  session: InferenceSession,
  file: string,
  { name, type, shape }: Port,
  output: string,
  { data, dims }: Images,
): Promise<Images> {
  const all = new ort.Tensor('float32', data, dims) as unknown as Tensor;
  // of a fixed batch, the others are of no use
  const batch = typeof shape[0] === 'number' ? shape[0] : 1;
  const parts: Float32Array[] = [];
  let sizes: readonly number[] = [];
  for (let image = 0; image < dims[0]!; image++) {
    const row = takeRows(ort.Tensor as never, all, Array(batch).fill(image));
    const half = type === 'float16' && encodeFloat16(row.data as Float32Array);
    const fed = half ? new ort.Tensor('float16', half, row.dims) : row;
    const made = (await runModel(session, { [name]: fed as Tensor }, `"${file}"`))[output]!;
    sizes = (made as Tensor).dims.slice(1);
    parts.push(floatsOf(made as Tensor).slice(0, elementCount(sizes)));
  }
  const joined = new Float32Array(parts.length * elementCount(sizes));
  for (const [i, part] of parts.entries()) joined.set(part, i * part.length);
  return { data: joined, dims: [parts.length, ...sizes] };
}

const floatsOf = ({ type, data }: Tensor): Float32Array =>
  type === 'float16' && data instanceof Uint16Array
    ? decodeFloat16(data)
    : Float32Array.from(data as Float32Array);

/**
 * Latents as a decoder takes them: axes of one are left out, and tokens of 2 by 2 patches, as FLUX has them, become
 * rows and columns again.
 * @param grid rows and columns of tokens, where they are no square
 * @returns nothing where they are neither
 */
export function forDecoder(
  data: Float32Array,
  dims: readonly number[],
  channels: number | undefined,
  grid?: readonly [rows: number, columns: number],
): Images | undefined {
  if (dims.length === 4) return dims[1] === (channels ?? dims[1]) ? { data, dims } : undefined;
  const [images = 1, ...rest] = dims;
  const wide = rest.filter((size, axis) => size !== 1 || axis === 0);
  if (dims.length > 4 && wide.length === 3) return { data, dims: [images, ...wide] };
  const [tokens = 0, depth = 0] = rest;
  if (dims.length !== 3 || channels === undefined || depth !== 4 * channels) return undefined;
  const side = Math.sqrt(tokens);
  const [rows, columns] = grid ?? [side, side];
  if (!Number.isInteger(rows) || rows * columns !== tokens) return undefined;
  return {
    data: unpacked(data, images, channels, rows, columns),
    dims: [images, channels, 2 * rows, 2 * columns],
  };
}

/** Each token holds a patch of every channel: channel, row in it, column in it. */
function unpacked(
  data: Float32Array,
  images: number,
  channels: number,
  rows: number,
  columns: number,
): Float32Array {
  const made = new Float32Array(data.length);
  let at = 0;
  for (let image = 0; image < images; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let channel = 0; channel < channels; channel++)
          for (let y = 0; y < 2; y++)
            for (let x = 0; x < 2; x++) {
              const line = (image * channels + channel) * 2 * rows + 2 * row + y;
              made[line * 2 * columns + 2 * column + x] = data[at++]!;
            }
  return made;
}
