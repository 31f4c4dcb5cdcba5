/**
 * More images than a model of fixed batch holds: the whole loop runs for as many as it holds, one batch after another.
 * Each image has the noise, and the conditions, that it has in a batch of all.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { oddGuidanceBatch } from '../../errors/index.js';
import type { DenoiseOptions, FedDenoiser } from '../../runtime/samplers/index.js';
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
  return {
    ports: withRows(ports, { latent, timestep }, pair ? 2 * images : images),
    turns: { images, each, inputs: rowInputs(ports, latent) },
  };
}

/** A second denoiser's ports with room for as many images as the loop makes. */
export function roomFor(
  ports: DenoiserPorts,
  said: Pick<GivenInputs, 'roles'>,
  { guidance }: Pick<GivenInputs, 'guidance'>,
  [images = 1]: readonly number[],
): DenoiserPorts {
  const roles = rolesOf(ports, said);
  const { shape } = portOf(ports.inputs, roles.latent);
  if (typeof shape[0] !== 'number') return ports;
  return withRows(ports, roles, guidance?.mode === 'batch' ? 2 * images : images);
}

function withRows(
  ports: DenoiserPorts,
  { latent, timestep }: { readonly latent: string; readonly timestep: string },
  rows: number,
): DenoiserPorts {
  const latentPort = portOf(ports.inputs, latent);
  const withRoom = (port: DenoiserPorts['inputs'][number]) =>
    // whether the timestep is one number or one an image is the model's own
    hasRows(port, latentPort) && port.name !== timestep
      ? { ...port, shape: [rows, ...port.shape.slice(1)] }
      : port;
  return { ...ports, inputs: ports.inputs.map(withRoom), outputs: ports.outputs.map(withRoom) };
}

function rowInputs({ inputs }: DenoiserPorts, latent: string): Set<string> {
  const latentPort = portOf(inputs, latent);
  return new Set(inputs.filter((port) => hasRows(port, latentPort)).map(({ name }) => name));
}

/** The loop of each turn; the last repeats its last image where there are too few. */
export function inTurns(loop: DenoiseOptions, turns: Turns): DenoiseOptions[] {
  const { images, each } = turns;
  return Array.from({ length: Math.ceil(images / each) }, (_, turn) => {
    const rows = Array.from({ length: each }, (_, i) => Math.min(turn * each + i, images - 1));
    return { ...ofRows(loop, turns, rows), firstImage: turn * each };
  });
}

function ofRows(loop: DenoiseOptions, { images, inputs: named }: Turns, rows: readonly number[]) {
  const { Tensor } = loop.ort;
  const take = (
    feeds: InferenceSession.FeedsType,
    inputs: ReadonlySet<string> = named,
  ): InferenceSession.FeedsType =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => {
        const tensor = one as Tensor;
        // what holds both halves of guidance pairs has twice as many rows
        const isTwice = tensor.dims[0] === 2 * images;
        const wanted = isTwice ? [...rows, ...rows.map((row) => row + images)] : rows;
        return [name, inputs.has(name) ? takeRows(Tensor, tensor, wanted) : tensor];
      }),
    );
  const own = <D extends FedDenoiser>(denoiser: D): D => {
    const { guidance, beside, feeds = {}, control } = denoiser;
    return {
      ...denoiser,
      feeds: take(feeds),
      beside: beside && takeRows(Tensor, beside, rows),
      ...(guidance && { guidance: { ...guidance, unconditional: take(guidance.unconditional) } }),
      ...(control && { control: { ...control, feeds: take(control.feeds, control.rows) } }),
    };
  };
  const { init, known, handOver, latentShape } = loop;
  const each = (loop.latentShape.slice(1) as number[]).reduce((all, size) => all * size, 1);
  const part = (values: Float32Array) => {
    const taken = new Float32Array(rows.length * each);
    for (const [i, row] of rows.entries())
      taken.set(values.subarray(row * each, (row + 1) * each), i * each);
    return taken;
  };
  return {
    ...own(loop),
    latentShape: [rows.length, ...latentShape.slice(1)],
    init: init && part(init),
    known: known && { latent: part(known.latent), mask: part(known.mask) },
    handOver: handOver && { ...handOver, denoiser: own(handOver.denoiser) },
  };
}
