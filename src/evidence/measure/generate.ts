/** A whole loop on a denoiser: what it is fed, and the images of it. */
import type { Tensor } from 'onnxruntime-common';
import {
  type DenoiseOptions,
  type DenoiseStep,
  denoise,
  type Guidance,
  inOrder,
  type Sampler,
  timestepFeed,
} from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { checkLoopFits, type LoopDenoiser } from './denoise-bundle.js';
import { loadOrt, type Ort } from './engine.js';
import { concretePort, type Feeds, randomFeeds } from './feeds.js';
import { forEveryImage, type GivenFeeds, isWritten, tensorOfNumbers } from './loop-given.js';
import {
  type GivenInputs,
  hasRows,
  isOnce,
  rolesOf,
  type SettledLoop,
  settleLoop,
} from './loop-inputs.js';
import { portOf } from './loop-sizes.js';
import { imagesOf, inTurns, widened } from './loop-turns.js';
import { takeRows } from './rows.js';

export interface GenerateOptions extends GivenInputs {
  readonly sampler: Sampler;
  readonly seed: number;
  /** Called when everything has been checked, before the first call. */
  readonly onStart?: () => void;
  /**
   * @param done steps that were taken, over all batches where a model of fixed batch makes more images than it holds
   * @param made the latent and the prediction of the step; they are not kept
   */
  readonly onStep?: (done: number, steps: number, made: DenoiseStep) => void;
}

export interface Generated {
  readonly latent: Float32Array;
  readonly dims: readonly number[];
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/**
 * Images from noise to clean latents: one batch, or several one after another where the denoiser's is fixed.
 * @throws RUN_STEPS, RUN_GUIDANCE and what `settleLoop` and `denoise` throw
 */
export async function generate(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<Generated> {
  const { turns, ports } = widened(denoiser.ports, options);
  const { loop, dims, madeUp } = await startLoop({ ...denoiser, ports }, options);
  const steps = options.sampler.timesteps.length;
  const parts = turns ? inTurns(loop, turns) : [{ ...loop }];
  options.onStart?.();
  const latents: Float32Array[] = [];
  for (const [i, part] of parts.entries()) {
    denoiser.reset();
    const onStep = (made: DenoiseStep) =>
      options.onStep?.(i * steps + made.step + 1, parts.length * steps, made);
    latents.push(await denoise({ ...part, onStep }));
  }
  return { latent: joinBatches(latents, dims), dims, madeUp };
}

/** The last of several batches may hold an image more than there are. */
export function joinBatches(
  latents: readonly Float32Array[],
  dims: readonly number[],
): Float32Array {
  const count = dims.reduce((product, size) => product * size, 1);
  if (latents.length === 1) return latents[0]!.subarray(0, count);
  const all = new Float32Array(count);
  let at = 0;
  for (const latent of latents) {
    all.set(latent.subarray(0, all.length - at), at);
    at += latent.length;
  }
  return all;
}

/**
 * A loop with all that it is fed, as `denoise` takes it.
 * @throws RUN_STEPS, RUN_GUIDANCE and what `settleLoop` throws
 */
export async function startLoop(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<{ readonly loop: DenoiseOptions } & Pick<Generated, 'dims' | 'madeUp'>> {
  const { ports } = denoiser;
  const { sampler, seed } = options;
  checkLoopFits(denoiser, sampler.timesteps.length, options.guidance);
  const ort = await loadOrt();
  const given = spread(ort, denoiser, options);
  const settled = settleLoop(ports, given);
  const { latent, timestep, dims, bindings } = settled;
  const { beside, feeds, guidance } = fill(ort, settled, given, seed);
  const timestepPort = portOf(ports.inputs, timestep);
  const behind = { ...timestepPort, shape: timestepPort.shape.slice(1) };
  const latentPort = portOf(ports.inputs, latent);
  const loop: DenoiseOptions = {
    call: denoiser.call,
    label: denoiser.label,
    ort: ort as never,
    sampler,
    latentShape: dims,
    latentType: settled.latentType,
    seed,
    roles: { latent, timestep, output: ports.roles.prediction ?? ports.outputs[0]!.name },
    timestep: timestepFeed(timestepPort, concretePort(behind, bindings)),
    beside,
    ...splitPairs(ort, ports.inputs, latentPort, feeds, guidance),
    bothHalves: typeof latentPort.shape[0] === 'number' || countsHalves(denoiser),
    onStep: (made) => options.onStep?.(made.step + 1, sampler.timesteps.length, made),
  };
  return { loop, dims, madeUp: settled.missing.map((p) => p.name) };
}

/** A schedule for two calls a step counts both. */
const countsHalves = ({ calls, ports }: LoopDenoiser): boolean =>
  calls !== undefined && ports.guidance?.mode === 'two-calls';

/** Arrays of one row as often as there are images; also what of them the unconditional half reads. */
function spread(ort: Ort, { ports }: LoopDenoiser, options: GenerateOptions): GenerateOptions {
  const images = imagesOf(ports, options);
  const { latent } = rolesOf(ports, options);
  const latentPort = portOf(ports.inputs, latent);
  const each = (feeds: GivenFeeds): GivenFeeds =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => {
        const isRow = hasRows(portOf(ports.inputs, name), latentPort);
        const rows = isRow && isOnce(name, latent, options.guidance) ? images : undefined;
        return [name, isWritten(one) ? one : forEveryImage(ort.Tensor as never, one, rows)];
      }),
    );
  const { guidance } = options;
  return {
    ...options,
    feeds: each(options.feeds),
    ...(guidance && { guidance: { ...guidance, unconditional: each(guidance.unconditional) } }),
  };
}

/** What is given, numbers written out as tensors, and what is missing made up. */
function fill(
  ort: Ort,
  settled: SettledLoop,
  { feeds: given, guidance }: GivenInputs,
  seed: number,
): { beside?: Tensor; feeds: Feeds; guidance?: Guidance } {
  const tensors = (feeds: GivenFeeds, sizes: SettledLoop['bindings']): Feeds =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, one]) => [
        name,
        isWritten(one)
          ? tensorOfNumbers(ort.Tensor as never, portOf(settled.inputs, name), one, sizes)
          : one,
      ]),
    );
  const make = (bindings: SettledLoop['bindings']) =>
    randomFeeds(settled.missing, { ort: ort as never, roles: {}, bindings, seed });
  const made = make(settled.bindings);
  const { [settled.latent]: beside, ...feeds } = tensors(given, settled.bindings);
  return {
    ...(beside && { beside }),
    feeds: { ...made, ...feeds },
    ...(guidance && {
      guidance: withMadeUp(
        { ...guidance, unconditional: tensors(guidance.unconditional, settled.otherBindings) },
        made,
        make(settled.otherBindings),
      ),
    }),
  };
}

/** What is made up for both halves is the same, unless one needs it of another size. */
function withMadeUp(guidance: Guidance, made: Feeds, other: Feeds): Guidance {
  const resized = Object.entries(other).filter(
    ([name, { dims }]) => dims.join() !== made[name]!.dims.join(),
  );
  return {
    ...guidance,
    unconditional: { ...Object.fromEntries(resized), ...guidance.unconditional },
  };
}

/** Where one half may run alone: of inputs that hold both halves, the rows of each. */
function splitPairs(
  ort: Ort,
  inputs: readonly Port[],
  latent: Port,
  feeds: Feeds,
  guidance: Guidance | undefined,
): { feeds: Feeds; guidance?: Guidance } {
  if (guidance?.mode !== 'batch' || !guidance.interval)
    return { feeds, ...(guidance && { guidance }) };
  const [own, other] = [{ ...feeds }, { ...(guidance.unconditional as Feeds) }];
  for (const [name, tensor] of Object.entries(feeds)) {
    if (other[name] || !hasRows(portOf(inputs, name), latent)) continue;
    const rows = Array.from({ length: tensor.dims[0]! }, (_, row) => row);
    const middle = rows.length / 2;
    const halves = [rows.slice(0, middle), rows.slice(middle)] as const;
    const [first, second] = halves.map((half) => takeRows(ort.Tensor as never, tensor, half));
    [own[name], other[name]] = inOrder(guidance.order, first!, second!);
  }
  return { feeds: own, guidance: { ...guidance, unconditional: other } };
}
