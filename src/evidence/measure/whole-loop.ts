/**
 * The whole loop as one model, against the loop that runs call by call: the same noise, conditions and guidance, and the
 * model that counts its calls at each of them.
 */
import path from 'node:path';
import type { Tensor } from 'onnxruntime-common';
import {
  GUIDANCE_SCALE,
  IMAGE,
  INIT,
  LATENT,
  NOISE,
  unconditional as ofUnconditional,
  STEP_NOISE,
} from '../../compiler/emit/whole-loop/names.js';
import {
  createRandom,
  denoiseSteps,
  samplerFrom,
  timestepFeed,
} from '../../runtime/samplers/index.js';
import type { Port, Schedule } from '../../runtime/schedule/index.js';
import type { ProofContext } from './context.js';
import { openLoopBundle } from './denoise-bundle.js';
import { type Difference, difference } from './difference.js';
import { openModel, runModel } from './engine.js';
import { concretePort, type Feeds } from './feeds.js';
import { takeRows } from './rows.js';
import { wholePictures } from './whole-pictures.js';

export interface WholeDifference extends Difference {
  readonly program: string;
  /** Of the pictures, where it gives any that could be compared. */
  readonly pictures?: Difference;
}

const SCALE = 1.5;

/**
 * @param feedsFor inputs of the denoiser, other ones for each number
 * @returns nothing where there is no such model
 */
export async function wholeLoop(
  context: ProofContext,
  feedsFor: (call: number) => Feeds,
): Promise<WholeDifference | undefined> {
  const { schedule, onProgress } = context;
  const { whole } = schedule;
  if (!whole) return undefined;
  onProgress?.('the whole loop as one model');
  const feeds = wholeFeeds(context, whole, feedsFor);
  const { ort, folder, session } = context;
  const file = path.join(folder, schedule.models[whole.model]!.file);
  const loop = await openModel(ort, file, session);
  let results: Awaited<ReturnType<typeof runModel>>;
  try {
    results = await runModel(loop, feeds, `"${path.basename(file)}"`);
  } finally {
    await loop.release();
  }
  const { [LATENT]: latent, [IMAGE]: image } = results as Record<string, Tensor | undefined>;
  const wanted = await byCalls(context, whole, feeds);
  const pictures = image && (await wholePictures(context, latent!, image));
  return { program: whole.model, ...difference(latent!, wanted), ...(pictures && { pictures }) };
}

type Whole = NonNullable<Schedule['whole']>;

/** Standard normal where noise or latents are wanted, else what the denoiser may be fed. */
function wholeFeeds(
  { ort, bindings, schedule }: ProofContext,
  { inputs }: Whole,
  feedsFor: (call: number) => Feeds,
): Feeds {
  const random = createRandom(2);
  const made = [feedsFor(0), feedsFor(1)] as const;
  return Object.fromEntries(
    inputs.map((port): [string, Tensor] => {
      const own = schedule.source.inputs.some(({ name }) => name === port.name);
      const name =
        schedule.source.inputs.find((one) => port.name === ofUnconditional(one.name))?.name ??
        port.name;
      const given = made[own ? 0 : 1][name];
      if (given) return [port.name, fitting(ort.Tensor as never, given, port)];
      const dims = concretePort(port, bindings, true);
      const count = dims.reduce((product, size) => product * size, 1);
      const data = port.name === GUIDANCE_SCALE ? Float32Array.of(SCALE) : random.normals(count);
      return [port.name, new ort.Tensor('float32', data, dims) as unknown as Tensor];
    }),
  );
}

/** Of a pair's rows those of one half, where the size is fixed. */
function fitting(
  Constructor: Parameters<typeof takeRows>[0],
  tensor: Tensor,
  { shape }: Port,
): Tensor {
  const [rows] = shape;
  if (typeof rows !== 'number' || rows === tensor.dims[0]) return tensor;
  return takeRows(
    Constructor,
    tensor,
    Array.from({ length: rows }, (_, row) => row),
  );
}

/** The latent of the loop in JavaScript. */
async function byCalls(
  { ort, folder, schedule, session, bindings }: ProofContext,
  whole: Whole,
  feeds: Feeds,
): Promise<Tensor> {
  const { source } = schedule;
  const { latent, timestep, prediction } = source.roles ?? {};
  const denoiser = await openLoopBundle(folder, { sessionOptions: session });
  const port = source.inputs.find(({ name }) => name === timestep)!;
  const sampler = samplerFrom(whole.sampler.name, whole.sampler.options);
  const init = feeds[INIT];
  const dims = [...feeds[NOISE]!.dims];
  const conditions = source.inputs.filter(({ name }) => name !== latent && name !== timestep);
  const unconditional = Object.fromEntries(
    conditions.flatMap(({ name }) => {
      const tensor = feeds[ofUnconditional(name)];
      return tensor ? [[name, tensor]] : [];
    }),
  );
  try {
    const steps = denoiseSteps({
      ort: ort as never,
      call: denoiser.call,
      roles: {
        latent: latent!,
        timestep: timestep!,
        output: prediction ?? source.outputs[0]!.name,
      },
      latentType: source.inputs.find(({ name }) => name === latent)!.type as 'float32',
      timestep: timestepFeed(port, concretePort({ ...port, shape: port.shape.slice(1) }, bindings)),
      feeds: Object.fromEntries(conditions.map(({ name }) => [name, feeds[name]!])),
      latentShape: dims,
      sampler,
      seed: 0,
      noise: feeds[NOISE]!.data as Float32Array,
      ...(init && { init: init.data as Float32Array }),
      ...(source.guidance && {
        guidance: { ...source.guidance, scale: SCALE, unconditional },
      }),
    });
    const drawn = feeds[STEP_NOISE]?.data as Float32Array | undefined;
    let trajectory = steps.start();
    const { length } = trajectory.latent;
    for (const step of sampler.timesteps.keys()) {
      const noise = () => drawn!.subarray(step * length, (step + 1) * length);
      ({ trajectory } = await steps.step(trajectory, step, noise));
    }
    return new ort.Tensor('float32', trajectory.latent, dims) as unknown as Tensor;
  } finally {
    await denoiser.release();
  }
}
