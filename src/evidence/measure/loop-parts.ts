/** What pipelines have beside a denoiser and its conditions: pictures to start from, and further models. */
import type { Tensor } from 'onnxruntime-common';
import { embeddedGuidanceUnclear, initMissing, initShape } from '../../errors/index.js';
import type { DenoiserPorts, LoopDenoiser } from './denoise-bundle.js';
import { fitShape } from './feeds.js';
import type { GivenFeeds } from './loop-given.js';
import { ownLatent } from './loop-inputs.js';
import { portOf } from './loop-sizes.js';

export interface LoopParts {
  /** Guidance scale of a model that takes it as an input, as FLUX.1-dev does. */
  readonly embeddedGuidance?: number | undefined;
  /**
   * Clean latents, [images, channels, ...] or one for all: what the loop starts from, and with a mask what is known.
   * With a mask, a loop that leaves no step out starts from noise alone.
   */
  readonly init?: Tensor | undefined;
  /**
   * 1 where images are to be made anew, 0 where they are known. Its sizes are those of the latent from the right on,
   * or of 1; the last two may also be a whole multiple of the latent's.
   */
  readonly mask?: Tensor | undefined;
  readonly control?: LoopControl | undefined;
  readonly handOver?: LoopHandOver | undefined;
}

/** A second model whose outputs are inputs of the denoiser, as ControlNet is. */
export interface LoopControl {
  /** A plain model. */
  readonly model: LoopDenoiser;
  /** What it takes beside what the denoiser takes too. */
  readonly feeds: GivenFeeds;
  readonly scale?: number | undefined;
  /** It runs at every so many steps; default 1. */
  readonly interval?: number | undefined;
  readonly roles?: { readonly latent?: string; readonly timestep?: string } | undefined;
}

/** A second denoiser that takes over. */
export interface LoopHandOver {
  readonly denoiser: LoopDenoiser;
  /** The first step that is its own, or the timestep below which steps are. */
  readonly from: { readonly step: number } | { readonly timestep: number };
  /** Its conditions; where one is left out, what the first has by that name and of that shape. */
  readonly feeds: GivenFeeds;
  readonly unconditional?: GivenFeeds | undefined;
  /** Its guidance scale; default the first's. */
  readonly guidanceScale?: number | undefined;
  readonly roles?: { readonly latent?: string; readonly timestep?: string } | undefined;
}

/**
 * What of the inputs the guidance scale is: the one with a number for each image that is not given.
 * @throws EMBEDDED_GUIDANCE
 */
export function withEmbeddedGuidance(
  { inputs }: Pick<DenoiserPorts, 'inputs'>,
  roles: { readonly latent: string; readonly timestep: string },
  feeds: GivenFeeds,
  { embeddedGuidance: scale }: LoopParts,
): GivenFeeds {
  if (scale === undefined) return feeds;
  const rows = portOf(inputs, roles.latent).shape[0];
  const isNumber = ({ name, type, shape: [size, ...rest] }: DenoiserPorts['inputs'][number]) =>
    /^float/.test(type) &&
    name !== roles.latent &&
    name !== roles.timestep &&
    rest.length === 0 &&
    (size === undefined || size === 1 || size === rows);
  const found = inputs.filter((port) => isNumber(port) && feeds[port.name] === undefined);
  const [one] = found;
  if (!one || found.length > 1)
    throw embeddedGuidanceUnclear(
      scale,
      found.map(({ name }) => name),
    );
  return { ...feeds, [one.name]: [scale] };
}

/**
 * Sizes as the picture to start from has them, but for the batch.
 * @throws INIT_SHAPE
 */
export function withInitSizes(
  ports: DenoiserPorts,
  roles: { readonly latent: string },
  { init }: LoopParts,
): DenoiserPorts {
  if (!init) return ports;
  const latent = ownLatent(ports, portOf(ports.inputs, roles.latent));
  const [, ...sizes] = latent.shape;
  const bindings = new Map<string, number>();
  const [, ...has] = init.dims;
  if (
    init.dims.length !== latent.shape.length ||
    !fitShape({ ...latent, shape: sizes }, has, bindings)
  )
    throw initShape(latent.name, init.dims, latent.shape);
  return { ...ports, bindings: new Map([...ports.bindings, ...bindings]) };
}

/** @throws INIT_MISSING */
export function checkParts({ init, mask }: LoopParts, start: number): void {
  if (start > 0 && !init) throw initMissing('start', start);
  if (mask && !init) throw initMissing('mask', start);
}
