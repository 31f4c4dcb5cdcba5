/** What a denoising loop calls: a bundle, or a plain model for comparison. */

import type { InferenceSession } from 'onnxruntime-common';
import { statedPort } from '../../compiler/emit/ports.js';
import { checkWeights } from '../../compiler/emit/weights.js';
import {
  type Compilation,
  type PipelineOptions,
  type Prepared,
  prepare,
} from '../../compiler/pipeline/index.js';
import { otherGuidance } from '../../errors/index.js';
import type { Value } from '../../model/ir/value.js';
import { loadModel } from '../../model/onnx/files.js';
import type { Followers } from '../../model/shape/index.js';
import { openBundle } from '../../runtime/node/index.js';
import type { DenoiserCall } from '../../runtime/samplers/index.js';
import {
  callsNeedPairs,
  type GuidancePair,
  hasRules,
  type LoopPlaces,
  type LoopRequest,
  type LoopShape,
  loopOf,
  type Port,
  type Schedule,
  stepsOfCalls,
  stepsTaken,
} from '../../runtime/schedule/index.js';
import type { DenoiserImage, DenoiserSession } from '../../runtime/session/index.js';
import { bundleLabel, refuseOther } from './asked-loop.js';
import { requireBundle } from './bundle.js';
import { loadOrt, runModel } from './engine.js';
import { engineOptions } from './engine-options.js';
import { scheduleFollowers } from './feeds.js';
import { tableRows } from './labels.js';
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
  /** Calls of an image; undefined for a plain model, which has no schedule. */
  readonly calls: number | undefined;
  /** The loop that its schedule is written out for; left out: all of its calls are one from its first step on. */
  readonly written?: LoopShape;
  /** Takes up another loop, as its rules have it; left out where it has none. */
  readonly plan?: (request: LoopRequest) => void;
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
  const session = await openBundle(folder, {
    worker: options.worker ?? false,
    sessionOptions: engineOptions(options.sessionOptions),
  });
  const { halves } = options;
  return denoiserOf(imagesOf(session, halves), bundleLabel(folder), () => session.release());
}

export interface LoopImageOptions extends Pick<LoopOptions, 'halves'> {
  /** What errors call it. */
  readonly label?: string;
}

/**
 * A new image of a session as a denoiser: states and a place of its own, over the models that all images of the session
 * share. Its release frees the states, and leaves the session as it is.
 *
 * @example
 * const session = await openBundle('bundle', { worker: true });
 * const made = await Promise.all([1, 2, 3].map((seed) => generate(loopImage(session), { sampler, seed, feeds: {} })));
 *
 * @throws SESSION_RELEASED
 */
export function loopImage(
  session: DenoiserSession,
  { halves, label }: LoopImageOptions = {},
): LoopDenoiser {
  const images = imagesOf(session, halves);
  return denoiserOf(images, label, async () => {
    await Promise.all([...images.all].map((image) => image.release()));
  });
}

/** The images of one loop: two where each half of guidance has states of its own. */
interface LoopImages {
  readonly own: DenoiserImage;
  readonly unconditional: DenoiserImage;
  readonly all: ReadonlySet<DenoiserImage>;
  readonly counts: Map<string, number>;
}

function imagesOf(session: DenoiserSession, halves = false): LoopImages {
  const counts = new Map<string, number>();
  const image = () =>
    session.image({
      // loops say where an image begins, and may round two timesteps to one
      newImage: 'reset',
      onCall: ({ program }) => counts.set(program, (counts.get(program) ?? 0) + 1),
    });
  const own = image();
  const inTurns = session.schedule.source.guidance?.mode === 'two-calls';
  const unconditional = halves && !inTurns ? image() : own;
  return { own, unconditional, all: new Set([own, unconditional]), counts };
}

function denoiserOf(
  { own, unconditional, all, counts }: LoopImages,
  label: string | undefined,
  release: () => Promise<void>,
): LoopDenoiser {
  const { schedule } = own;
  const plan = (request: LoopRequest) => {
    for (const image of all) image.plan(request);
  };
  return {
    ...(label !== undefined && { label }),
    ports: schedulePorts(schedule),
    get calls() {
      return own.calls.length;
    },
    written: loopOf(schedule),
    ...(hasRules(schedule) && { plan }),
    timesteps: schedule.timesteps,
    counts,
    reset() {
      for (const image of all) image.reset();
    },
    call: (feeds, { half }) => (half === 'unconditional' ? unconditional : own).run(feeds),
    release,
  };
}

/** Inputs and outputs of a bundle. */
export function schedulePorts(schedule: Schedule): DenoiserPorts {
  const { source, cost } = schedule;
  return {
    inputs: source.inputs,
    outputs: source.outputs,
    roles: source.roles ?? {},
    bindings: new Map(Object.entries(cost?.macs?.bindings ?? {})),
    followers: scheduleFollowers(schedule),
    guidance: source.guidance,
    needsPairs: callsNeedPairs(schedule),
  };
}

/** What is said of a plain model's inputs: sizes that bundles of it have, and roles that are not found. */
export interface LoopModelOptions
  extends LoopOptions,
    Pick<PipelineOptions, 'shapes' | 'freeze' | 'roles'> {}

export async function openLoopModel(
  file: string,
  options: LoopModelOptions = {},
): Promise<LoopDenoiser> {
  const model = loadModel(file);
  checkWeights(model);
  return openPreparedModel(file, await prepare(model, options), options);
}

/** The same of one that was read already, with whatever shapes and roles are given for it. */
export async function openPreparedModel(
  file: string,
  prepared: Prepared,
  options: LoopOptions = {},
): Promise<LoopDenoiser> {
  const ort = await loadOrt();
  const session = await openSource(ort, file, engineOptions(options.sessionOptions));
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

/** Steps of a loop. */
export interface LoopSteps {
  readonly all: number;
  /** Those that are a denoiser's own, where another takes over. */
  readonly own: number;
  /** Those that are left out at the beginning. */
  readonly start: number;
}

/**
 * Lets a denoiser take up a loop, which must be one that its schedule serves: any, where it has rules, and else the one
 * that it lists. How it does guidance is all the same where no call needs the pairs.
 * @throws RUN_STEPS, RUN_START, RUN_GUIDANCE, and what `plan` throws
 */
export function fitLoop(
  denoiser: LoopDenoiser,
  { all, own, start }: LoopSteps,
  guidance: GuidancePair | undefined,
  { timesteps, logSnr }: LoopPlaces = {},
): void {
  const { calls, label = 'the denoiser', plan, ports } = denoiser;
  const { guidance: made, needsPairs = true } = ports;
  if (calls === undefined) return;
  const fits = made?.order === guidance?.order && made?.mode === guidance?.mode;
  if (made && needsPairs && !fits) throw otherGuidance(made, guidance);
  const { written = { steps: stepsOfCalls(calls, made), start: 0 } } = denoiser;
  // one that was made for its own part of the loop keeps to that
  const isOwnPart = own !== all && own === stepsTaken(written);
  if (plan) plan(isOwnPart ? {} : { steps: all, start, timesteps, logSnr });
  else if (!isOwnPart) refuseOther({ steps: all, start }, written, label, made);
}
