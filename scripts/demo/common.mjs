// What the demos share: the digits to make, timing in turn, the distance to the source's pictures.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { encodePng, pictureGrid, toPictures } from '../../dist/src/io/images.js';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** As little as shows that everything works. */
export const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 1 : 3;
const CLASSES = 10;
/** The class that the models were trained to read as "no class". */
const NULL_CLASS = 10n;

/** So many of each digit, with what the unconditional half reads. */
export function digits(wanted) {
  const rows = QUICK ? 1 : wanted;
  const images = CLASSES * rows;
  const of = (label) =>
    new ort.Tensor('int64', BigInt64Array.from({ length: images }, label), [images]);
  return {
    images,
    labels: { class_labels: of((_, i) => BigInt(i % CLASSES)) },
    unconditional: { class_labels: of(() => NULL_CLASS) },
  };
}

/** In turn, so that a machine that slows down slows all of them; the first round warms up. */
export async function timeInTurn(variants, generate) {
  for (const variant of variants) variant.seconds = [];
  for (let round = 0; round <= ROUNDS; round++)
    for (const variant of variants) {
      const start = performance.now();
      const { latent, dims } = await generate(variant);
      if (round > 0) variant.seconds.push((performance.now() - start) / 1000);
      Object.assign(variant, { latent, dims });
    }
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Of pixels in [-1, 1], decibels; null where nothing differs. */
export function psnr(latent, source) {
  const clamp = (v) => Math.min(1, Math.max(-1, v));
  const error = latent.reduce((sum, v, i) => sum + (clamp(v) - clamp(source[i])) ** 2, 0);
  return error === 0 ? null : 10 * Math.log10((4 * latent.length) / error);
}

/** One block of rows per variant, a column per digit. */
export function writeGrid(file, variants) {
  const blocks = variants.map(({ latent, dims }) => {
    const pictures = toPictures(latent, dims);
    return Array.from({ length: pictures.length / CLASSES }, (_, r) =>
      pictures.slice(r * CLASSES, (r + 1) * CLASSES),
    );
  });
  fs.writeFileSync(file, encodePng(pictureGrid(blocks, { scale: 3 })));
}

export const pad = (text, width) => String(text).padStart(width);
