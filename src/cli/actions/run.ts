/** What `stepfold run` does. */
import path from 'node:path';
import { openFolder, writeFile } from '../../compiler/emit/index.js';
import {
  bundleLabel,
  type Generated,
  type GivenFeeds,
  generate,
  type LoopDenoiser,
  loopOfSampler,
  openLoopBundle,
  openLoopModel,
  scheduleForLoop,
} from '../../evidence/measure/index.js';
import { forDecoder, openDecoder, type Vae } from '../../evidence/measure/vae.js';
import { partLeftOut } from '../../evidence/yardstick/index.js';
import { encodePng, type Picture, pictureGrid, toPictures } from '../../io/images.js';
import { writeNpy } from '../../io/npy.js';
import { findVae } from '../../runtime/model-folder/index.js';
import { samplerFrom } from '../../runtime/samplers/index.js';
import { readFeeds, readRoles, readSizeList } from '../arguments.js';
import type { RunArguments } from '../commands/run.js';
import { findLoopModel } from '../loop-model.js';
import { readGuidance, samplerSettings } from '../loop-settings.js';
import { printMadeLoop } from '../made-loop-line.js';
import { printNext } from '../next.js';
import { printNextPage } from '../next-of-bundle.js';
import { print, printJson, printMadeUp } from '../output.js';
import { type OpenParts, openParts } from '../pipeline-parts.js';
import { startProgress } from '../progress.js';
import { freeName } from '../proposal/output-name.js';
import { bundleAround } from '../source-model.js';
import { prepareYardstick, printRunWorth, type RunWorth } from './run/yardstick.js';

export async function run(given: RunArguments): Promise<void> {
  const feeds = await readFeeds('feed', given.feed);
  const latentShape = given.latentShape && readSizeList('latent-shape', given.latentShape);
  const found = await findLoopModel(given.bundle, given);
  const { place, isBundle, schedule, folder, pipeline } = found;
  const args = { ...found.args, bundle: place };
  const settings = samplerSettings(args, schedule, folder);
  const sampler = samplerFrom(args.sampler, settings);
  const choice = { name: args.sampler, ...settings };
  const guidance = await readGuidance(args, schedule?.source.guidance);
  const yardstick = prepareYardstick(args, {
    given: given.bundle,
    bundle: place,
    schedule:
      schedule && args.yardstick
        ? scheduleForLoop(schedule, loopOfSampler(sampler), bundleLabel(place))
        : schedule,
    choice,
    left: partLeftOut(sampler),
  });
  const options = { worker: args.worker, halves: guidance?.mode === 'two-calls' };
  const denoiser = isBundle
    ? await openLoopBundle(place, options)
    : await openLoopModel(place, options);
  const progress = startProgress('Denoising', args.json);
  let opened: OpenParts | undefined;
  let decoder: Vae | undefined;
  try {
    opened = await openParts(args, {
      ...{ feeds, folder: pipeline, halves: options.halves },
      ports: async () => denoiser.ports,
    });
    // a decoder that is none is not found out behind the loop
    decoder = await openDecoderOf(pipeline, args);
    const loop = {
      sampler,
      seed: args.seed,
      feeds: opened.feeds,
      parts: opened.parts,
      images: args.samples,
      ...(latentShape && { latentShape }),
      roles: readRoles(args),
      ...(guidance && { guidance }),
    };
    const start = performance.now();
    const result = await generate(denoiser, {
      ...loop,
      onStart: () => openFolder(args.output),
      onStep: (done, total) => progress.update(done, total),
    }).finally(() => progress.stop());
    const seconds = (performance.now() - start) / 1000;
    const files = writeLatents(args.output, result);
    const pictures = await picturesOf(result, decoder, opened.feeds);
    if (pictures) files.push(...writePictures(args.output, pictures, decoder !== undefined));
    const { latent, dims, madeUp } = result;
    const worth = await yardstick?.measure(loop, { latent, counts: denoiser.counts });
    if (!args.json) printMadeLoop(found, choice);
    report(args.json, { files, seconds, dims, madeUp, denoiser, worth });
    if (decoder && !pictures && !args.json)
      print(`Not decoded: the folder's decoder takes ${decoder.channels ?? 'other'} channels.`);
    if (args.json) return;
    const around = isBundle ? undefined : bundleAround(place);
    if (around !== undefined)
      print(
        `Note: "${place}" is one model of a bundle, and ran at every call; the bundle is its folder.`,
      );
    if (isBundle) await printNextPage(given.bundle);
    else
      printNext(
        ...(around === undefined ? [given.bundle] : ['run', around, '-o', freeName('out')]),
      );
  } finally {
    await decoder?.release();
    await opened?.release();
    await denoiser.release();
  }
}

async function openDecoderOf(
  pipeline: string | undefined,
  { decode }: Pick<RunArguments, 'decode'>,
): Promise<Vae | undefined> {
  const found = pipeline === undefined || !decode ? undefined : findVae(pipeline, 'decoder');
  return found && openDecoder(found);
}

function writeLatents(folder: string, { latent, dims }: Generated): string[] {
  const file = path.join(folder, 'samples.npy');
  writeFile(file, writeNpy({ type: 'float32', data: Float32Array.from(latent), dims }));
  return [file];
}

/** What latents look like: decoded, or themselves where they have the channels of a picture. */
async function picturesOf(
  { latent, dims }: Generated,
  decoder: Vae | undefined,
  feeds: GivenFeeds,
): Promise<readonly Picture[] | undefined> {
  if (decoder) {
    const latents = forDecoder(latent, dims, decoder.channels, gridOfIds(feeds));
    const made = latents && (await decoder.run(latents));
    return made && toPictures(made.data, made.dims);
  }
  return dims.length === 4 && [1, 3].includes(dims[1]!) ? toPictures(latent, dims) : undefined;
}

/** Rows and columns of tokens, where their places are given as FLUX takes them: three numbers for each. */
function gridOfIds({ img_ids: ids }: GivenFeeds): readonly [number, number] | undefined {
  if (!ids || !('dims' in ids) || ids.dims.at(-1) !== 3) return undefined;
  const most = [0, 0];
  for (const [i, value] of [...(ids.data as Float32Array)].entries())
    if (i % 3 > 0) most[(i % 3) - 1] = Math.max(most[(i % 3) - 1]!, Number(value));
  return [most[0]! + 1, most[1]! + 1];
}

/** All pictures on one sheet; those that were decoded one by one, too. */
function writePictures(folder: string, pictures: readonly Picture[], apart: boolean): string[] {
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Array.from({ length: Math.ceil(pictures.length / columns) }, (_, r) =>
    pictures.slice(r * columns, (r + 1) * columns),
  );
  const scale = Math.max(1, Math.floor(64 / pictures[0]!.height));
  const sheet = path.join(folder, 'samples.png');
  writeFile(sheet, encodePng(pictureGrid([rows], { scale })));
  const each = apart ? pictures : [];
  return [
    sheet,
    ...each.map((picture, i) => {
      const file = path.join(folder, `sample-${i}.png`);
      writeFile(file, encodePng(picture));
      return file;
    }),
  ];
}

function report(
  json: boolean,
  result: {
    files: string[];
    seconds: number;
    dims: readonly number[];
    madeUp: readonly string[];
    denoiser: LoopDenoiser;
    worth: RunWorth | undefined;
  },
): void {
  const { files, seconds, dims, madeUp, denoiser, worth } = result;
  const calls = Object.fromEntries(denoiser.counts);
  if (json) {
    printJson({ files, seconds, dims, madeUp, calls, ...(worth && { yardstick: worth }) });
    return;
  }
  const counted = Object.entries(calls).map(([name, n]) => `${n} ${name}`);
  print(
    `${dims.join('x')} in ${seconds.toFixed(2)} s${counted.length ? `: ${counted.join(', ')}` : ''}`,
  );
  printMadeUp(madeUp);
  for (const file of files) print(file);
  if (worth) printRunWorth(worth);
}
