/** `stepfold run`: a whole denoising loop, from noise to images. */
import fs from 'node:fs';
import path from 'node:path';
import type { Argv } from 'yargs';
import { needsUnconditional } from '../../errors/index.js';
import { encodePng, pictureGrid, toPictures } from '../../io/images.js';
import { writeNpy } from '../../io/npy.js';
import { generate, type LoopDenoiser, openLoopBundle, openLoopModel } from '../../measure/index.js';
import {
  BETA_SCHEDULES,
  createSampler,
  GUIDANCE_MODES,
  GUIDANCE_ORDERS,
  type Guidance,
  PREDICTIONS,
  SAMPLER_NAMES,
  TIMESTEP_SPACINGS,
} from '../../samplers/index.js';
import { jsonOption, readFeeds, readShapes, roleOptions } from '../arguments.js';
import type { Arguments } from '../command.js';
import { print, printJson } from '../output.js';
import { startProgress } from '../progress.js';

export const command = 'run <bundle>';
export const describe = 'Run a denoising loop on a bundle, or on a plain model';

export const builder = (yargs: Argv) =>
  yargs
    .positional('bundle', {
      type: 'string',
      demandOption: true,
      describe: 'Folder of the bundle, or an ONNX file to run every call in full',
    })
    .options({
      output: {
        alias: 'o',
        type: 'string',
        demandOption: true,
        describe: 'Folder for what is made',
      },
      sampler: { choices: SAMPLER_NAMES, default: 'ddim' as const, describe: 'Sampler' },
      steps: { type: 'number', default: 50, describe: 'Steps of the sampler' },
      seed: { type: 'number', default: 0, describe: 'Seed of the noise' },
      feed: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Input from a file: context=context.npy (repeatable); others are made up',
      },
      latentShape: {
        type: 'string',
        describe: 'Shape of the latent, such as 4x1x16x16 [default: from the model and the feeds]',
      },
      ...roleOptions,
      guidance: { type: 'number', describe: 'Scale of classifier-free guidance' },
      guidanceOrder: {
        choices: GUIDANCE_ORDERS,
        describe: 'Which half comes first in the batch',
      },
      guidanceMode: {
        choices: GUIDANCE_MODES,
        default: 'batch' as const,
        describe: 'Both halves in one batch, or two calls a step',
      },
      unconditional: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Input of the unconditional half: context=empty.npy (repeatable)',
      },
      betas: { choices: BETA_SCHEDULES, default: 'linear' as const, describe: 'Noise schedule' },
      betaStart: { type: 'number', describe: 'First beta [default: 0.0001]' },
      betaEnd: { type: 'number', describe: 'Last beta [default: 0.02]' },
      trainTimesteps: { type: 'number', describe: 'Timesteps in training [default: 1000]' },
      spacing: {
        choices: TIMESTEP_SPACINGS,
        default: 'leading' as const,
        describe: 'Which timesteps are visited',
      },
      prediction: {
        choices: PREDICTIONS,
        default: 'epsilon' as const,
        describe: 'What the model predicts',
      },
      clip: { type: 'number', describe: 'Clamp predicted pixels to [-clip, clip]' },
      eta: { type: 'number', describe: 'Noise of DDIM, 0 to 1 [default: 0]' },
      worker: { type: 'boolean', default: false, describe: 'Run the models in a worker thread' },
      ...jsonOption,
    })
    .example('$0 run bundle --sampler ddim --steps 50 --seed 7 -o out', 'Noise to images')
    .example(
      '$0 run bundle --feed class_labels=labels.npy --guidance 2 --guidance-order unconditional-first --unconditional class_labels=null.npy -o out',
      'With classifier-free guidance',
    );

export async function handler(args: Arguments<typeof builder>): Promise<void> {
  const sampler = createSampler(args.sampler, samplerOptions(args));
  const feeds = await readFeeds('feed', args.feed);
  const guidance = await readGuidance(args);
  const options = { worker: args.worker, halves: guidance?.mode === 'two-calls' };
  const denoiser = args.bundle.endsWith('.onnx')
    ? await openLoopModel(args.bundle, options)
    : await openLoopBundle(args.bundle, options);
  const progress = startProgress('Denoising', args.json);
  try {
    const start = performance.now();
    const result = await generate(denoiser, {
      sampler,
      seed: args.seed,
      feeds,
      ...(args.latentShape !== undefined && {
        latentShape: readShapes([`latent=${args.latentShape}`]).latent!,
      }),
      roles: {
        ...(args.latent !== undefined && { latent: args.latent }),
        ...(args.timestep !== undefined && { timestep: args.timestep }),
      },
      ...(guidance && { guidance }),
      onStep: (done, total) => progress.update(done, total),
    }).finally(() => progress.stop());
    const seconds = (performance.now() - start) / 1000;
    const files = writeResults(args.output, result.latent, result.dims);
    report(args.json, { files, seconds, dims: result.dims, madeUp: result.madeUp, denoiser });
  } finally {
    await denoiser.release();
  }
}

function samplerOptions(args: Arguments<typeof builder>) {
  const given = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  return {
    steps: args.steps,
    spacing: args.spacing,
    prediction: args.prediction,
    schedule: {
      betas: args.betas,
      ...given('betaStart', args.betaStart),
      ...given('betaEnd', args.betaEnd),
      ...given('trainTimesteps', args.trainTimesteps),
    },
    ...given('clip', args.clip),
    ...given('eta', args.eta),
  };
}

async function readGuidance(args: Arguments<typeof builder>): Promise<Guidance | undefined> {
  if (args.guidance === undefined) return undefined;
  if (args.unconditional.length === 0 || !args.guidanceOrder) throw needsUnconditional();
  return {
    scale: args.guidance,
    order: args.guidanceOrder,
    mode: args.guidanceMode,
    unconditional: await readFeeds('unconditional', args.unconditional),
  };
}

/** The latent as .npy, and as a picture when it has the channels of one. */
function writeResults(folder: string, latent: Float32Array, dims: readonly number[]): string[] {
  fs.mkdirSync(folder, { recursive: true });
  const files = [path.join(folder, 'samples.npy')];
  fs.writeFileSync(files[0]!, writeNpy({ type: 'float32', data: Float32Array.from(latent), dims }));
  const [batch = 1, channels = 0, height = 1] = dims;
  if (dims.length !== 4 || ![1, 3].includes(channels)) return files;
  const pictures = toPictures(latent, dims);
  const columns = Math.ceil(Math.sqrt(batch));
  const rows = Array.from({ length: Math.ceil(batch / columns) }, (_, r) =>
    pictures.slice(r * columns, (r + 1) * columns),
  );
  const png = path.join(folder, 'samples.png');
  fs.writeFileSync(
    png,
    encodePng(pictureGrid([rows], { scale: Math.max(1, Math.floor(64 / height)) })),
  );
  return [...files, png];
}

function report(
  json: boolean,
  result: {
    files: string[];
    seconds: number;
    dims: readonly number[];
    madeUp: readonly string[];
    denoiser: LoopDenoiser;
  },
): void {
  const { files, seconds, dims, madeUp, denoiser } = result;
  const calls = Object.fromEntries(denoiser.counts);
  if (json) {
    printJson({ files, seconds, dims, madeUp, calls });
    return;
  }
  const counted = Object.entries(calls).map(([name, n]) => `${n} ${name}`);
  print(
    `${dims.join('x')} in ${seconds.toFixed(2)} s${counted.length ? `: ${counted.join(', ')}` : ''}`,
  );
  if (madeUp.length > 0) print(`Made-up inputs: ${madeUp.join(', ')} (give them with --feed)`);
  for (const file of files) print(file);
}
