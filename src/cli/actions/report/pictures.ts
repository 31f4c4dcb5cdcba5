/** Pictures in pairs: of a folder, or of two loops. */
import fs from 'node:fs';
import path from 'node:path';
import { fileNotFound, imagesUnpaired, noImages } from '../../../errors/index.js';
import type { RecordedLoop } from '../../../evidence/measure/index.js';
import type { PicturePair } from '../../../evidence/report/facts/subject.js';
import { decodePng, encodePng, type Picture, pictureGrid, toPictures } from '../../../io/images.js';
import { isFolder } from '../../../io/is-folder.js';
import { readRegular } from '../../../io/regular-file.js';

const NAME = /^(.+)-(source|bundle)\.png$/;

/**
 * @throws FILE_NOT_FOUND; IMAGES_NONE, IMAGES_UNPAIRED; PNG_INVALID
 */
export function readPairs(folder: string): PicturePair[] {
  if (!isFolder(folder)) throw fileNotFound(folder);
  const found = new Map<string, Set<string>>();
  for (const file of fs.readdirSync(folder).sort()) {
    const [, name, which] = NAME.exec(file) ?? [];
    if (name && which) found.set(name, (found.get(name) ?? new Set()).add(which));
  }
  if (found.size === 0) throw noImages(folder);
  return [...found].map(([name, which]) => {
    for (const needed of ['source', 'bundle'])
      if (!which.has(needed)) throw imagesUnpaired(path.join(folder, `${name}-${needed}.png`));
    const read = (of: string) => readRegular(path.join(folder, `${name}-${of}.png`));
    const [source, bundle] = [read('source'), read('bundle')];
    const label = (of: string) => path.join(folder, `${name}-${of}.png`);
    const pictures = [
      decodePng(source, label('source')),
      decodePng(bundle, label('bundle')),
    ] as const;
    return { name, source, bundle, psnr: psnr(...pictures) };
  });
}

/** Pictures of two loops, where their latents are pictures. */
export function loopPairs(source: RecordedLoop, bundle: RecordedLoop): PicturePair[] {
  const [, channels = 0, height = 1] = source.dims;
  if (source.dims.length !== 4 || ![1, 3].includes(channels)) return [];
  const pictures = (loop: RecordedLoop) => toPictures(loop.latent, loop.dims);
  const [before, after] = [pictures(source), pictures(bundle)];
  const scale = Math.max(1, Math.floor(96 / height));
  const png = (all: Picture[]) => encodePng(pictureGrid([rows(all)], { scale }));
  const count = before.length;
  const all = (list: Picture[]): Picture => ({
    ...list[0]!,
    height: list[0]!.height * count,
    data: Uint8Array.from(list.flatMap(({ data }) => [...data])),
  });
  return [
    {
      name: count === 1 ? 'The image' : `The ${count} images`,
      source: png(before),
      bundle: png(after),
      psnr: psnr(all(before), all(after)),
    },
  ];
}

function rows(pictures: Picture[]): Picture[][] {
  const columns = Math.ceil(Math.sqrt(pictures.length));
  return Array.from({ length: Math.ceil(pictures.length / columns) }, (_, r) =>
    pictures.slice(r * columns, (r + 1) * columns),
  );
}

/** Decibels, by levels of 0 to 255; undefined for pictures of different sizes. */
function psnr(a: Picture, b: Picture): number | undefined {
  if (a.data.length !== b.data.length || a.width !== b.width) return undefined;
  const squares = a.data.reduce((sum, level, i) => sum + (level - b.data[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}
