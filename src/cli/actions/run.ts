/** What `stepfold run` does. */
import path from 'node:path';
import { openFolder, writeFile } from '../../compiler/emit/index.js';
import {
  generate,
  type LoopDenoiser,
  openLoopBundle,
  openLoopModel,
} from '../../evidence/measure/index.js';
import { encodePng, pictureGrid, toPictures } from '../../io/images.js';
import { writeNpy } from '../../io/npy.js';
import { readSchedule } from '../../runtime/node/index.js';
import { readFeeds, readRoles, readSizeList } from '../arguments.js';
import type { RunArguments } from '../commands/run.js';
import { findLoopModel } from '../loop-model.js';
import { makeSampler, readGuidance } from '../loop-settings.js';
import { print, printJson } from '../output.js';
import { startProgress } from '../progress.js';

export async function run(given: RunArguments): Promise<void> {
  const feeds = await readFeeds('feed', given.feed);
  const latentShape = given.latentShape && readSizeList('latent-shape', given.latentShape);
  const { place, isBundle, folder, ...found } = findLoopModel(given.bundle, given);
  const args = { ...found.args, bundle: place };
  const schedule = isBundle ? await readSchedule(place) : undefined;
  const sampler = makeSampler(args, schedule, folder);
  const guidance = await readGuidance(args, schedule?.source.guidance);
  const options = { worker: args.worker, halves: guidance?.mode === 'two-calls' };
  const denoiser = isBundle
    ? await openLoopBundle(place, options)
    : await openLoopModel(place, options);
  const progress = startProgress('Denoising', args.json);
  try {
    const start = performance.now();
    const result = await generate(denoiser, {
      sampler,
      seed: args.seed,
      feeds,
      images: args.samples,
      ...(latentShape && { latentShape }),
      roles: readRoles(args),
      ...(guidance && { guidance }),
      onStart: () => openFolder(args.output),
      onStep: (done, total) => progress.update(done, total),
    }).finally(() => progress.stop());
    const seconds = (performance.now() - start) / 1000;
    const files = writeResults(args.output, result.latent, result.dims);
    report(args.json, { files, seconds, dims: result.dims, madeUp: result.madeUp, denoiser });
  } finally {
    await denoiser.release();
  }
}

/** The latent as .npy, and as a picture when it has the channels of one. */
function writeResults(folder: string, latent: Float32Array, dims: readonly number[]): string[] {
  const files = [path.join(folder, 'samples.npy')];
  writeFile(files[0]!, writeNpy({ type: 'float32', data: Float32Array.from(latent), dims }));
  const [batch = 1, channels = 0, height = 1] = dims;
  if (dims.length !== 4 || ![1, 3].includes(channels)) return files;
  const pictures = toPictures(latent, dims);
  const columns = Math.ceil(Math.sqrt(batch));
  const rows = Array.from({ length: Math.ceil(batch / columns) }, (_, r) =>
    pictures.slice(r * columns, (r + 1) * columns),
  );
  const png = path.join(folder, 'samples.png');
  writeFile(png, encodePng(pictureGrid([rows], { scale: Math.max(1, Math.floor(64 / height)) })));
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
