/** Runs a whole denoising loop on a bundle, or on a plain model for comparison. */

import type { InferenceSession } from 'onnxruntime-common';
import { statedPort } from '../../compiler/emit/ports.js';
import { checkWeights } from '../../compiler/emit/weights.js';
import { type Compilation, prepare } from '../../compiler/pipeline/index.js';
import {
  latentChannels,
  oddGuidanceBatch,
  otherGuidance,
  roleFed,
  roleUnknown,
  stepsDiffer,
} from '../../errors/index.js';
import type { Value } from '../../model/ir/value.js';
import { loadModel } from '../../model/onnx/files.js';
import { type Followers, withFollowers } from '../../model/shape/index.js';
import { openBundle } from '../../runtime/node/index.js';
import {
  type DenoiseOptions,
  type DenoiserCall,
  type DenoiseStep,
  denoise,
  type Guidance,
  type Sampler,
  timestepFeed,
} from '../../runtime/samplers/index.js';
import {
  callsNeedPairs,
  callsOf,
  callsPerStep,
  type GuidancePair,
  type Port,
  stepsOfCalls,
} from '../../runtime/schedule/index.js';
import { requireBundle } from './bundle.js';
import { loadOrt, runModel } from './engine.js';
import { checkSize, concretePort, type Feeds, randomFeeds, scheduleFollowers } from './feeds.js';
import { tableRows } from './labels.js';
import { loopSizes, portOf } from './loop-sizes.js';
import { openSource } from './scratch.js';

export interface DenoiserPorts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly roles: {
    readonly latent?: string;
    readonly timestep?: string;
    readonly prediction?: string;
  };
  readonly bindings: ReadonlyMap<string, number>;
  /**
   * Symbols whose sizes follow from others'.
   * @internal
   */
  readonly followers?: Followers | undefined;
  /** How the loop does guidance that the schedule was made for. */
  readonly guidance?: GuidancePair | undefined;
  /** Whether some call needs it so; taken for true where nothing is said. */
  readonly needsPairs?: boolean;
}

/** A denoiser that can be called in a loop: a bundle, or a plain model. */
export interface LoopDenoiser {
  /** What errors about a loop's numbers call it; "the denoiser" where nothing is said. */
  readonly label?: string;
  readonly ports: DenoiserPorts;
  /** Calls in the schedule; undefined for a plain model, which has no schedule. */
  readonly calls: number | undefined;
  /** Timestep of each step, where the schedule says; a sampler takes them as its `timesteps`. */
  readonly timesteps?: readonly number[] | undefined;
  /** By input, how many classes it chooses from, where that was found in the graph. */
  readonly classes?: ReadonlyMap<string, number>;
  /** How often each program ran; empty for a plain model. */
  readonly counts: Map<string, number>;
  /** Starts a new image: forgets all states. */
  reset(): void;
  readonly call: DenoiserCall;
  release(): Promise<void>;
}

export interface LoopOptions {
  readonly worker?: boolean;
  /**
   * Guidance by two calls per step keeps one set of states for each half; a schedule that was made for
   * it does so by itself.
   */
  readonly halves?: boolean;
  readonly sessionOptions?: InferenceSession.SessionOptions;
}

export async function openLoopBundle(
  folder: string,
  options: LoopOptions = {},
): Promise<LoopDenoiser> {
  requireBundle(folder);
  const counts = new Map<string, number>();
  const session = await openBundle(folder, {
    worker: options.worker ?? false,
    sessionOptions: { logSeverityLevel: 4, ...options.sessionOptions },
    // loops say where an image begins, and may round two timesteps to one
    newImage: 'reset',
    onCall: ({ program }) => counts.set(program, (counts.get(program) ?? 0) + 1),
  });
  const { schedule } = session;
  const { source, cost, timesteps } = schedule;
  const inTurns = source.guidance?.mode === 'two-calls';
  const unconditional = options.halves && !inTurns ? session.image() : session;
  return {
    label: `the bundle "${folder}"`,
    ports: {
      inputs: source.inputs,
      outputs: source.outputs,
      roles: source.roles ?? {},
      bindings: new Map(Object.entries(cost?.macs?.bindings ?? {})),
      followers: scheduleFollowers(schedule),
      guidance: source.guidance,
      needsPairs: callsNeedPairs(schedule),
    },
    calls: callsOf(schedule).length,
    timesteps,
    counts,
    reset() {
      session.reset();
      unconditional.reset();
    },
    call: (feeds, { half }) => (half === 'unconditional' ? unconditional : session).run(feeds),
    release: () => session.release(),
  };
}

export async function openLoopModel(
  file: string,
  options: LoopOptions = {},
): Promise<LoopDenoiser> {
  const model = loadModel(file);
  checkWeights(model);
  const prepared = await prepare(model);
  const ort = await loadOrt();
  const session = await openSource(ort, file, { logSeverityLevel: 4, ...options.sessionOptions });
  return {
    label: `the model "${file}"`,
    ports: modelPorts(prepared),
    calls: undefined,
    classes: tableRows(prepared.canonical.graph),
    counts: new Map(),
    reset() {},
    call: (feeds) => runModel(session, feeds, `"${file}"`),
    release: () => session.release(),
  };
}

/** Inputs and outputs of a plain model. */
export function modelPorts({
  canonical: { graph },
  shapes,
  roles: { latent, timestep, prediction },
  bindings,
  followers,
}: Pick<Compilation, 'canonical' | 'shapes' | 'roles' | 'bindings' | 'followers'>): DenoiserPorts {
  const port = (value: Value) => statedPort(shapes, value);
  return {
    inputs: graph.inputs.filter((value) => !value.initializer).map(port),
    outputs: graph.outputs.map(port),
    roles: {
      ...(latent !== undefined && { latent }),
      ...(timestep !== undefined && { timestep }),
      ...(prediction !== undefined && { prediction }),
    },
    bindings,
    followers,
  };
}

export interface GenerateOptions {
  readonly sampler: Sampler;
  readonly seed: number;
  /** Conditions, by input name; those left out are made up from the seed. */
  readonly feeds: Feeds;
  /** Shape of the latent, without doubling for guidance. */
  readonly latentShape?: readonly number[];
  readonly roles?: { readonly latent?: string; readonly timestep?: string };
  readonly guidance?: Guidance;
  /** Called when everything has been checked, before the first call. */
  readonly onStart?: () => void;
  /** @param made the latent and the prediction of the step; they are not kept */
  readonly onStep?: (step: number, steps: number, made: DenoiseStep) => void;
}

export interface Generated {
  readonly latent: Float32Array;
  readonly dims: readonly number[];
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
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
export function settleLoop(
  ports: DenoiserPorts,
  options: Pick<GenerateOptions, 'feeds' | 'guidance' | 'latentShape' | 'roles'>,
): SettledLoop {
  const names = ports.inputs.map((p) => p.name);
  const latent = options.roles?.latent ?? ports.roles.latent;
  const timestep = options.roles?.timestep ?? ports.roles.timestep;
  if (latent === undefined) throw roleUnknown('latent', names);
  if (timestep === undefined) throw roleUnknown('timestep', names);
  const whole = portOf(ports.inputs, latent);
  const given = ports.inputs.map((port) => asGiven(port, whole, options.guidance));
  const { own: latentPort, beside } = splitLatent(ports, portOf(given, latent), options.feeds);
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
    missing: conditions.filter((p) => !options.feeds[p.name]),
  };
}

/**
 * One batch from noise to a clean latent.
 * @throws RUN_STEPS, RUN_GUIDANCE and what `settleLoop` and `denoise` throw
 */
export async function generate(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<Generated> {
  const { loop, dims, madeUp } = await startLoop(denoiser, options);
  denoiser.reset();
  options.onStart?.();
  return { latent: await denoise(loop), dims, madeUp };
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
  const { sampler, seed, guidance } = options;
  checkLoopFits(denoiser, sampler.timesteps.length, guidance);
  const settled = settleLoop(ports, options);
  const { latent, timestep, dims, bindings, missing } = settled;
  const { [latent]: beside, ...feeds } = options.feeds;
  const timestepPort = portOf(ports.inputs, timestep);
  const behind = { ...timestepPort, shape: timestepPort.shape.slice(1) };

  const ort = await loadOrt();
  const make = (bindings: SettledLoop['bindings']) =>
    randomFeeds(missing, { ort: ort as never, roles: {}, bindings, seed });
  const made = make(settled.bindings);
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
    feeds: { ...made, ...feeds },
    ...(guidance && { guidance: withMadeUp(guidance, made, make(settled.otherBindings)) }),
    onStep: (made) => options.onStep?.(made.step + 1, sampler.timesteps.length, made),
  };
  return { loop, dims, madeUp: missing.map((p) => p.name) };
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

/**
 * The loop must be the one that the schedule was made for. How it does guidance is all the same where no
 * call needs the pairs.
 * @throws RUN_STEPS, RUN_GUIDANCE
 */
export function checkLoopFits(
  { calls, ports: { guidance: made, needsPairs = true } }: LoopDenoiser,
  steps: number,
  guidance: GuidancePair | undefined,
): void {
  if (calls === undefined) return;
  const fits = made?.order === guidance?.order && made?.mode === guidance?.mode;
  if (made && needsPairs && !fits) throw otherGuidance(made, guidance);
  const needed = stepsOfCalls(calls, made);
  if (steps !== needed) throw stepsDiffer(steps, needed, callsPerStep(made));
}

/**
 * An input as the caller sees it. With guidance in one batch the model sees two images for each that
 * is made: an input that both halves have is given once per image, any other goes in as it is.
 */
function asGiven(port: Port, latent: Port, guidance: Guidance | undefined): Port {
  if (guidance?.mode !== 'batch') return port;
  const [batch, ...rest] = port.shape;
  const joined = port.name === latent.name || guidance.unconditional[port.name] !== undefined;
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
  { outputs, roles }: DenoiserPorts,
  latent: Port,
  feeds: Feeds,
): { own: Port; beside: Port } {
  const prediction = outputs.find(({ name }) => name === roles.prediction) ?? outputs[0];
  const fed = feeds[latent.name]?.dims[1];
  const [all, predicted] = [latent.shape[1], prediction?.shape[1]];
  // a prediction with twice the channels holds the learned variance
  const further = typeof all === 'number' && typeof predicted === 'number' ? all - predicted : 0;
  if (feeds[latent.name] && further <= 0) throw roleFed(latent.name, 'latent');
  if (further <= 0 || typeof all !== 'number') return { own: latent, beside: latent };
  if (fed !== further) throw latentChannels(latent, prediction!, further, fed);
  const ofChannels = (count: number) => ({ ...latent, shape: latent.shape.with(1, count) });
  return { own: ofChannels(all - further), beside: ofChannels(further) };
}

/**
 * The latent's shape, and the sizes of symbols: from the feeds that are given, then from the latent
 * shape asked for, then from those that the figures were made with.
 */
function settleSizes(
  ports: DenoiserPorts,
  inputs: readonly Port[],
  latentPort: Port,
  given: Pick<GenerateOptions, 'feeds' | 'guidance' | 'latentShape'>,
): Pick<SettledLoop, 'dims' | 'bindings' | 'otherBindings'> {
  const { conditional, unconditional } = loopSizes(inputs, latentPort, given);
  const { latentShape } = given;
  const withDefaults = (sizes: ReadonlyMap<string, number>) =>
    withFollowers(new Map([...ports.bindings, ...sizes]), ports.followers, new Set(sizes.keys()));
  const bindings = withDefaults(conditional);
  const dims = latentShape ? [...latentShape] : concretePort(latentPort, bindings, true);
  checkSize(latentPort.name, dims);
  return { dims, bindings, otherBindings: withDefaults(unconditional) };
}
