/**
 * More images than a model of fixed batch holds: the whole loop runs for as many as it holds, one batch after another.
 * Each image has the noise, and the conditions, that it has in a batch of all.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { oddGuidanceBatch } from '../../errors/index.js';
import type { DenoiseOptions } from '../../runtime/samplers/index.js';
import type { DenoiserPorts } from './denoise-bundle.js';
import { arraysOf } from './loop-given.js';
import { type GivenInputs, hasRows, isOnce, rolesOf } from './loop-inputs.js';
import { portOf } from './loop-sizes.js';
import { takeRows } from './rows.js';

export interface Turns {
  readonly images: number;
  /** Images of a turn. */
  readonly each: number;
  /** Inputs with a row for each image. */
  readonly inputs: ReadonlySet<string>;
}

/** How many images a loop is to make, as far as anything says so. */
export function imagesOf(ports: DenoiserPorts, given: GivenInputs): number | undefined {
  if (given.images !== undefined) return given.images;
  if (given.latentShape) return given.latentShape[0];
  const { latent } = rolesOf(ports, given);
  const latentPort = portOf(ports.inputs, latent);
  let most: number | undefined;
  for (const feeds of [given.feeds, given.guidance?.unconditional ?? {}])
    for (const [name, { dims }] of Object.entries(arraysOf(feeds))) {
      if (!hasRows(portOf(ports.inputs, name), latentPort) || dims.length === 0) continue;
      const rows = isOnce(name, latent, given.guidance) ? dims[0]! : Math.ceil(dims[0]! / 2);
      most = Math.max(most ?? 1, rows);
    }
  return most;
}

/** The ports with room for all images, and the turns where they do not fit a fixed batch. */
export function widened(
  ports: DenoiserPorts,
  given: GivenInputs,
): { readonly ports: DenoiserPorts; readonly turns?: Turns } {
  const { latent, timestep } = rolesOf(ports, given);
  const latentPort = portOf(ports.inputs, latent);
  const [batch] = latentPort.shape;
  const images = imagesOf(ports, given);
  if (typeof batch !== 'number' || images === undefined) return { ports };
  const pair = given.guidance?.mode === 'batch';
  if (pair && batch % 2 !== 0) throw oddGuidanceBatch(latent, batch);
  const each = pair ? batch / 2 : batch;
  if (images === each) return { ports };
  const rows = pair ? 2 * images : images;
  const withRoom = (port: DenoiserPorts['inputs'][number]) =>
    // whether the timestep is one number or one an image is the model's own
    hasRows(port, latentPort) && port.name !== timestep
      ? { ...port, shape: [rows, ...port.shape.slice(1)] }
      : port;
  return {
    ports: {
      ...ports,
      inputs: ports.inputs.map(withRoom),
      outputs: ports.outputs.map(withRoom),
    },
    turns: {
      images,
      each,
      inputs: new Set(
        ports.inputs.filter((port) => hasRows(port, latentPort)).map(({ name }) => name),
      ),
    },
  };
}

/** The loop of each turn; the last repeats its last image where there are too few. */
export function inTurns(loop: DenoiseOptions, turns: Turns): DenoiseOptions[] {
  const { images, each } = turns;
  return Array.from({ length: Math.ceil(images / each) }, (_, turn) => {
    const rows = Array.from({ length: each }, (_, i) => Math.min(turn * each + i, images - 1));
    return { ...ofRows(loop, turns, rows), firstImage: turn * each };
  });
}

function ofRows(loop: DenoiseOptions, { images, inputs }: Turns, rows: readonly number[]) {
  const { Tensor } = loop.ort;
  const take = (feeds: InferenceSession.FeedsType): InferenceSession.FeedsType =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => {
        const tensor = one as Tensor;
        // what holds both halves of guidance pairs has twice as many rows
        const isTwice = tensor.dims[0] === 2 * images;
        const wanted = isTwice ? [...rows, ...rows.map((row) => row + images)] : rows;
        return [name, inputs.has(name) ? takeRows(Tensor, tensor, wanted) : tensor];
      }),
    );
  const { guidance, beside, feeds = {}, latentShape } = loop;
  return {
    ...loop,
    latentShape: [rows.length, ...latentShape.slice(1)],
    feeds: take(feeds),
    beside: beside && takeRows(Tensor, beside, rows),
    ...(guidance && { guidance: { ...guidance, unconditional: take(guidance.unconditional) } }),
  };
}
