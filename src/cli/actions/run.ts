/** What `stepfold run` does. */
import fs from 'node:fs';
import path from 'node:path';
import { keepDefaults, openFolder, writeFile } from '../../compiler/emit/index.js';
import { keepNeedsBundle, picturesExist } from '../../errors/index.js';
import {
  bundleLabel,
  type Generated,
  generate,
  type LoopDenoiser,
  loopOfSampler,
  openLoopBundle,
  openLoopModel,
  scheduleForLoop,
} from '../../evidence/measure/index.js';
import type { Vae } from '../../evidence/measure/vae.js';
import { partLeftOut } from '../../evidence/yardstick/index.js';
import { encodePng, type Picture, pictureGrid } from '../../io/images.js';
import { writeNpy } from '../../io/npy.js';
import { samplerFrom } from '../../runtime/samplers/index.js';
import { readFeeds, readRoles, readSizeList } from '../arguments.js';
import type { RunArguments } from '../commands/run.js';
import { openDecoderOf, picturesOf } from '../decoded-pictures.js';
import { defaultsOf } from '../defaults.js';
import { forImages, withKept } from '../kept.js';
import { findLoopModel } from '../loop-model.js';
import { readGuidance, samplerSettings } from '../loop-settings.js';
import { printUsedLoop } from '../made-loop-line.js';
import { printNext } from '../next.js';
import { printNextPage } from '../next-of-bundle.js';
import { print, printJson, printMadeUp } from '../output.js';
import { type OpenParts, openParts } from '../pipeline-parts.js';
import { startProgress } from '../progress.js';
import { freeName } from '../proposal/output-name.js';
import { bundleAround } from '../source-model.js';
import { prepareYardstick, printRunWorth, type RunWorth } from './run/yardstick.js';

export async function run(typed: RunArguments): Promise<void> {
  const { args: given, kept } = withKept(typed.bundle, typed);
  const there = latentsFile(given.output);
  if (!given.force && fs.existsSync(there)) throw picturesExist(there);
  const feeds = await readFeeds('feed', given.feed);
  const latentShape = given.latentShape && readSizeList('latent-shape', given.latentShape);
  const found = await findLoopModel(given.bundle, given);
  if (given.keep && !found.isBundle) throw keepNeedsBundle(given.bundle);
  const { place, isBundle, schedule, folder, pipeline } = found;
  const args = { ...found.args, bundle: place };
  const settings = samplerSettings(args, schedule, folder);
  const sampler = samplerFrom(args.sampler, settings);
  const choice = { name: args.sampler, ...settings };
  const asked = { feeds, guidance: await readGuidance(args, schedule?.source.guidance) };
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
  const options = { worker: args.worker, halves: asked.guidance?.mode === 'two-calls' };
  const denoiser = isBundle
    ? await openLoopBundle(place, options)
    : await openLoopModel(place, options);
  const progress = startProgress('Denoising', args.json);
  let opened: OpenParts | undefined;
  let decoder: Vae | undefined;
  try {
    const { guidance, ...inputs } = await forImages(denoiser.ports, asked, kept, args.samples);
    opened = await openParts(args, {
      ...{ feeds: inputs.feeds, folder: pipeline, halves: options.halves },
      ports: async () => denoiser.ports,
    });
    // a decoder that is none is not found out behind the loop
    decoder = args.decode ? await openDecoderOf(pipeline) : undefined;
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
    const keeps = args.keep ? keepDefaults(place, defaultsOf(args, guidance)) : [];
    if (!args.json) printUsedLoop(found, choice, { seed: args.seed, kept: kept.flags });
    report(args.json, { files: [...files, ...keeps], seconds, dims, madeUp, denoiser, worth });
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

const latentsFile = (folder: string): string => path.join(folder, 'samples.npy');

function writeLatents(folder: string, { latent, dims }: Generated): string[] {
  const file = latentsFile(folder);
  writeFile(file, writeNpy({ type: 'float32', data: Float32Array.from(latent), dims }));
  return [file];
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
