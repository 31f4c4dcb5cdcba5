/** What of a loop's inputs is settled before the first call: their sizes, and which of them are missing. */
import {
  feedShape,
  latentChannels,
  oddGuidanceBatch,
  roleFed,
  rolesUnknown,
} from '../../errors/index.js';
import { sizeOf, withFollowers } from '../../model/shape/index.js';
import type { Guidance } from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import type { DenoiserPorts } from './denoise-bundle.js';
import { checkSize, concretePort, type Feeds } from './feeds.js';
import { arraysOf, type GivenFeeds, numbersOf, settleByNumbers } from './loop-given.js';
import { loopSizes, portOf } from './loop-sizes.js';

/** Guidance of a loop, whose unconditional half may be written out in numbers too. */
export interface GivenGuidance extends Omit<Guidance, 'unconditional'> {
  readonly unconditional: GivenFeeds;
}

/** What a loop is given. */
export interface GivenInputs {
  /** Conditions, by input name; those left out are made up from the seed. */
  readonly feeds: GivenFeeds;
  readonly guidance?: GivenGuidance | undefined;
  /** Shape of the latent, without doubling for guidance. */
  readonly latentShape?: readonly number[] | undefined;
  /** Images to make; default as many as the shape of the latent or the conditions have. */
  readonly images?: number | undefined;
  readonly roles?: { readonly latent?: string; readonly timestep?: string } | undefined;
  /** Makes both halves outside of the guidance's interval too: what searches and counted calls need. */
  readonly bothHalves?: boolean | undefined;
}

/** What of a loop's inputs is settled before the first call. */
export interface SettledLoop {
  readonly latent: string;
  readonly timestep: string;
  /** The latent's shape, without doubling for guidance and further channels, and its type. */
  readonly dims: readonly number[];
  readonly latentType: 'float16' | 'float32';
  /** Sizes of symbols. */
  readonly bindings: ReadonlyMap<string, number>;
  /** Those of the unconditional half, where it is a call of its own. */
  readonly otherBindings: ReadonlyMap<string, number>;
  /** What the loop is given, as the caller sees it: rows counted once where both halves have them. */
  readonly inputs: readonly Port[];
  /** Conditions that are not given. */
  readonly missing: readonly Port[];
}

/**
 * Checks the inputs of a loop against what the denoiser takes.
 *
 * A latent input with more channels than the prediction takes the others from the feed of its name.
 *
 * @throws ROLE_UNKNOWN, FEED_UNKNOWN, FEED_TYPE, FEED_SHAPE, GUIDANCE_BATCH, DENOISE_ROLE_FED,
 *   RUN_LATENT_CHANNELS
 */
export function settleLoop(ports: DenoiserPorts, options: GivenInputs): SettledLoop {
  const { latent, timestep } = rolesOf(ports, options);
  const whole = portOf(ports.inputs, latent);
  const given = ports.inputs.map((port) => asGiven(port, whole, options.guidance));
  const arrays = arraysOf(options.feeds);
  const { own: latentPort, beside } = splitLatent(ports, portOf(given, latent), arrays);
  const fed = given.map((port) => (port.name === latent ? beside : port));
  const { dims, bindings, otherBindings } = settleSizes(ports, fed, latentPort, options);
  const conditions = given.filter((p) => p.name !== latent && p.name !== timestep);
  return {
    latent,
    timestep,
    dims,
    latentType: latentPort.type === 'float16' ? 'float16' : 'float32',
    bindings,
    otherBindings,
    inputs: fed,
    missing: conditions.filter((p) => !options.feeds[p.name]),
  };
}

/** @throws ROLE_UNKNOWN */
export function rolesOf(
  { inputs, roles }: Pick<DenoiserPorts, 'inputs' | 'roles'>,
  said: Pick<GivenInputs, 'roles'>,
): { readonly latent: string; readonly timestep: string } {
  const names = inputs.map((p) => p.name);
  const latent = said.roles?.latent ?? roles.latent;
  const timestep = said.roles?.timestep ?? roles.timestep;
  if (latent === undefined || timestep === undefined)
    throw rolesUnknown(
      Object.entries({ latent, timestep }).flatMap(([role, name]) =>
        name === undefined ? [role] : [],
      ),
      names,
    );
  return { latent, timestep };
}

/** Does an input have a row for each image, as the latent has? */
export const hasRows = (port: Port, latent: Port): boolean =>
  port.shape.length > 0 && port.shape[0] !== null && port.shape[0] === latent.shape[0];

/** Is what an input is given joined from two halves, or for each image once in any case? */
export const isOnce = (
  name: string,
  latent: string,
  guidance: GivenGuidance | undefined,
): boolean =>
  guidance?.mode !== 'batch' || name === latent || guidance.unconditional[name] !== undefined;

/**
 * An input as the caller sees it. With guidance in one batch the model sees two images for each that
 * is made: an input that both halves have is given once per image, any other goes in as it is.
 */
function asGiven(port: Port, latent: Port, guidance: GivenGuidance | undefined): Port {
  if (guidance?.mode !== 'batch') return port;
  const [batch, ...rest] = port.shape;
  const joined = isOnce(port.name, latent.name, guidance);
  if (typeof batch !== 'number')
    return joined || batch !== latent.shape[0] || typeof batch !== 'string'
      ? port
      : { ...port, shape: [`${batch}*2`, ...rest] };
  if (!joined) return port;
  if (batch % 2 !== 0) throw oddGuidanceBatch(port.name, batch);
  return { ...port, shape: [batch / 2, ...rest] };
}

/**
 * What of the latent input the loop makes, and what is fed beside it in further channels: models for
 * inpainting take a mask and the masked latents there.
 * @throws DENOISE_ROLE_FED, RUN_LATENT_CHANNELS
 */
function splitLatent(
  ports: DenoiserPorts,
  latent: Port,
  feeds: Feeds,
): { own: Port; beside: Port } {
  const fed = feeds[latent.name]?.dims[1];
  const own = ownLatent(ports, latent);
  const further = Number(latent.shape[1]) - Number(own.shape[1]);
  if (feeds[latent.name] && own === latent) throw roleFed(latent.name, 'latent');
  if (own === latent) return { own, beside: latent };
  if (fed !== further) throw latentChannels(latent, predictionOf(ports)!, further, fed);
  return { own, beside: { ...latent, shape: latent.shape.with(1, further) } };
}

const predictionOf = ({ outputs, roles }: DenoiserPorts): Port | undefined =>
  outputs.find(({ name }) => name === roles.prediction) ?? outputs[0];

/** The latent input with those channels alone that are the loop's own: as many as the prediction has. */
export function ownLatent(ports: DenoiserPorts, latent: Port): Port {
  const prediction = predictionOf(ports);
  // an output of another rank has its axes elsewhere
  const isAlike = prediction?.shape.length === latent.shape.length;
  const [all, predicted] = [latent.shape[1], isAlike ? prediction.shape[1] : undefined];
  // a prediction with twice the channels holds the learned variance
  if (typeof all !== 'number' || typeof predicted !== 'number' || predicted >= all) return latent;
  return { ...latent, shape: latent.shape.with(1, predicted) };
}

/**
 * The latent's shape, and the sizes of symbols: from the feeds that are given, then from the latent
 * shape asked for, then from those that the figures were made with.
 */
function settleSizes(
  ports: DenoiserPorts,
  inputs: readonly Port[],
  latentPort: Port,
  given: GivenInputs,
): Pick<SettledLoop, 'dims' | 'bindings' | 'otherBindings'> {
  const { latentShape, images } = given;
  const [batch] = latentPort.shape;
  const known = images !== undefined && typeof batch === 'string' ? [[batch, images] as const] : [];
  const arrays = { feeds: arraysOf(given.feeds), guidance: arraysOfGuidance(given.guidance) };
  const { conditional, unconditional } = loopSizes(
    inputs,
    latentPort,
    { ...arrays, latentShape },
    new Map(known),
  );
  const withDefaults = (sizes: Map<string, number>, numbers: GivenFeeds) => {
    for (const [name, row] of Object.entries(numbersOf(numbers)))
      settleByNumbers(portOf(inputs, name), row, sizes);
    return withFollowers(
      new Map([...ports.bindings, ...sizes]),
      ports.followers,
      new Set(sizes.keys()),
    );
  };
  const other = given.guidance?.unconditional ?? {};
  const bindings = withDefaults(conditional, { ...other, ...given.feeds });
  const otherBindings = withDefaults(unconditional, { ...given.feeds, ...other });
  const pair = given.guidance?.mode === 'batch';
  checkSizes(inputs, arrays.feeds, bindings, pair);
  checkSizes(inputs, arrays.guidance?.unconditional ?? {}, otherBindings, pair);
  const dims = latentShape ? [...latentShape] : concretePort(latentPort, bindings, true);
  checkSize(latentPort.name, dims);
  return { dims, bindings, otherBindings };
}

const arraysOfGuidance = (guidance: GivenGuidance | undefined): Guidance | undefined =>
  guidance && { ...guidance, unconditional: arraysOf(guidance.unconditional) };

/** Sizes that follow from others are known only when all others are. @throws FEED_SHAPE */
function checkSizes(
  inputs: readonly Port[],
  arrays: Feeds,
  sizes: ReadonlyMap<string, number>,
  pair: boolean,
): void {
  for (const [name, { dims }] of Object.entries(arrays)) {
    const port = portOf(inputs, name);
    const wants = port.shape.map((dim) => sizeOf(dim, sizes));
    if (wants.some((size, axis) => size !== undefined && size !== dims[axis]))
      throw feedShape(name, dims, port.shape, new Map(sizes), pair);
  }
}
