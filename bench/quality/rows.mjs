// Makes pictures by the thousand for each row of a table, and judges them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Pipeline } from '../../dist/src/index.js';
import { encodePng, pictureGrid, toPictures } from '../../dist/src/io/images.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../../dist/src/node.js';
import { classes, median, pad, ROOT, timeInTurn } from '../../scripts/demo/common.mjs';
import { samplerOf } from '../equal-cost/sampler.mjs';
import { openJudge } from './judge.mjs';

/** Pictures of each class in one batch. */
const PER_CLASS = 2;
const SEED = 1000;
export const RESULTS = path.join(ROOT, 'bench/results');

/**
 * @typedef {{ sampler?: string, spacing?: string, shift?: number, choice?: object } & ({ steps: number } | { timesteps: readonly number[] })} Loop
 *   as equal-cost/sampler.mjs reads it
 */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {Loop} loop
 * @property {string} [folder] of a bundle; without one the source runs
 * @property {number} [seed] of the first batch
 */

/** @param {import('./subjects.mjs').Subject} subject */
export async function openSubject({ model, judge: folder, steps, order, noise, own }) {
  const file = path.join(ROOT, 'samples', model);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-quality-'));
  const judge = await openJudge(folder);
  const { images: batch, labels, unconditional } = classes(PER_CLASS);
  const classesOfBatch = Array.from(labels.class_labels.data, Number);
  const ofLoop = (loop) =>
    samplerOf({ ...noise, ...(!loop.sampler && !loop.choice && own), ...loop });
  const request = (loop, seed) => ({
    sampler: ofLoop(loop),
    seed,
    feeds: labels,
    guidance: { scale: 2, order, mode: 'batch', unconditional },
  });
  const open = (row) => (row.folder ? openLoopBundle(row.folder) : openLoopModel(file));

  return {
    steps,
    timesteps: ofLoop({ steps }).timesteps,

    /** A bundle of one pass, with its ratio of MACs in the convention. */
    async bundle(pass, options, convention, calls = steps) {
      const to = fs.mkdtempSync(path.join(scratch, 'bundle-'));
      const compilation = await Pipeline.create({ calls, guidance: { order, mode: 'batch' } })
        .use(pass, options)
        .compile(loadModel(file));
      const { cost } = writeBundle(compilation, to, { sourceFile: file, force: true });
      const { source, perCall } = cost.macs.convention[convention];
      return { folder: to, macRatio: source / perCall };
    },

    /**
     * Seconds of a batch with the source, and how much faster each bundle is, all in turn.
     * @param {readonly { folder: string, loop?: Loop }[]} bundles
     * @param {Loop} whole
     */
    async time(bundles, whole = { steps }) {
      const variants = [
        { loop: whole },
        ...bundles.map(({ folder, loop = whole }) => ({ folder, loop })),
      ];
      for (const variant of variants) variant.denoiser = await open(variant);
      await timeInTurn(variants, ({ denoiser, loop }) => generate(denoiser, request(loop, 0)));
      for (const { denoiser } of variants) await denoiser.release();
      const [full, ...others] = variants.map(({ seconds }) => median(seconds));
      return { secondsPerImage: full / batch, speedups: others.map((s) => full / s) };
    },

    /**
     * Distances to the real pictures and to the pictures of the first row, and how many are taken for what was
     * asked; printed as they come.
     * @param {readonly Row[]} rows the source first
     * @param {number} images of each row
     */
    async judge(rows, images) {
      const asked = Array.from({ length: images }, (_, i) => classesOfBatch[i % batch]);
      const pixels = judge.size ** 2;
      const pictures = new Float32Array(images * pixels);
      const grid = [];
      const results = [];
      let source;
      const add = async ({ folder: _, seed: __, loop, ...row }) => {
        const { moments, ...found } = await judge.judge(pictures, asked, source);
        source ??= moments;
        results.push({ ...row, ...(loop && { calls: callsOf(loop) }), ...found });
        show(row.name, found);
      };
      console.log(`${''.padEnd(42)}to real  to source  accuracy`);
      for (const row of rows) {
        const denoiser = await open(row);
        for (let start = 0; start < images; start += batch) {
          const seed = (row.seed ?? SEED) + start / batch;
          const { latent, dims } = await generate(denoiser, request(row.loop, seed));
          pictures.set(latent.subarray(0, (images - start) * pixels), start * pixels);
          if (start === 0) grid.push([toPictures(latent, dims).slice(0, 10)]);
        }
        await denoiser.release();
        await add(row);
      }
      for (let i = 0; i < pictures.length; i++) pictures[i] = 2 * Math.random() - 1;
      await add({ name: 'uniform noise' });
      return { results, grid };
    },

    async release() {
      await judge.release();
      fs.rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** @param {Loop} loop */
const callsOf = (loop) => loop.choice?.steps ?? loop.steps ?? loop.timesteps.length;

const show = (name, { toReal, toSource, accuracy }) =>
  console.log(
    name.padEnd(42) +
      pad(toReal.toFixed(2), 7) +
      pad(toSource.toFixed(2), 11) +
      pad(`${(100 * accuracy).toFixed(1)} %`, 10),
  );

/** Figures, and the first ten pictures of each row. */
export function writeResults(name, figures, grid) {
  const file = path.join(RESULTS, `${name}.json`);
  const machine = { cores: os.cpus().length, node: process.version };
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ ...machine, ...figures }, null, 2)}\n`);
  if (grid) writePictures(path.join(RESULTS, `${name}.png`), grid);
}

/** @param grid rows of pictures */
export const writePictures = (file, grid) =>
  fs.writeFileSync(file, encodePng(pictureGrid(grid, { scale: 3 })));

/** The number of pictures from the command line. */
export function askedImages(otherwise) {
  const at = process.argv.indexOf('--images');
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}
