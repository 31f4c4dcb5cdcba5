// What the demos share: the pictures to make, timing in turn, the distance to the source's pictures.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { encodePng, pictureGrid, toPictures } from '../../dist/src/io/images.js';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const ROUNDS = 3;
const CLASSES = 10;
/** The class that the models were trained to read as "no class". */
const NULL_CLASS = 10n;

/** So many of each class, with what the unconditional half reads. */
export function classes(rows) {
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
export async function timeInTurn(variants, generate, rounds = ROUNDS) {
  for (const variant of variants) variant.seconds = [];
  for (let round = 0; round <= rounds; round++)
    for (const variant of variants) {
      progress(
        `drawing: ${variant.name}, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`,
      );
      const start = performance.now();
      const { latent, dims } = await generate(variant);
      if (round > 0) variant.seconds.push((performance.now() - start) / 1000);
      Object.assign(variant, { latent, dims });
    }
  progress('');
}

/** A line that the next one takes the place of; nothing where nobody watches. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Of pixels in [-1, 1], decibels; null where nothing differs. */
export function psnr(latent, source) {
  const clamp = (v) => Math.min(1, Math.max(-1, v));
  const error = latent.reduce((sum, v, i) => sum + (clamp(v) - clamp(source[i])) ** 2, 0);
  return error === 0 ? null : 10 * Math.log10((4 * latent.length) / error);
}

/** The same of each picture, on average: what one picture lacks does not hide what the others do. */
export function psnrOfImages(latent, other, images) {
  const size = latent.length / images;
  const each = Array.from({ length: images }, (_, i) =>
    psnr(latent.subarray(i * size, (i + 1) * size), other.subarray(i * size, (i + 1) * size)),
  );
  return each.reduce((sum, one) => sum + one, 0) / images;
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

/** The pictures of one variant, for the page. */
export function writeStrip(file, { latent, dims }, scale) {
  const pictures = toPictures(latent, dims).slice(0, CLASSES);
  fs.writeFileSync(file, encodePng(pictureGrid([[pictures]], { scale })));
}

export const pad = (text, width) => String(text).padStart(width);
