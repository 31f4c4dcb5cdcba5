/** Pictures in pairs: of a folder, or of two loops. */
import fs from 'node:fs';
import path from 'node:path';
import { fileNotFound, imagesUnpaired, noImages } from '../../../errors/index.js';
import type { RecordedLoop } from '../../../evidence/measure/index.js';
import type { PicturePair } from '../../../evidence/report/facts/subject.js';
import { decibels } from '../../../evidence/yardstick/index.js';
import { decodePng, encodePng, type Picture } from '../../../io/images.js';
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

/** Where fewer steps end, and which those are. */
export interface RivalEnd {
  readonly what: string;
  readonly latent: Float32Array;
}

/** The pictures of latents, where they have any. */
export type Draw = (latent: Float32Array) => Promise<readonly Picture[] | undefined>;

/** A pair for each image of two loops, where their latents have pictures; distances are those of the latents. */
export async function loopPairs(
  source: RecordedLoop,
  bundle: RecordedLoop,
  rival: RivalEnd | undefined,
  draw: Draw,
): Promise<PicturePair[]> {
  const drawn = await draw(source.latent);
  const own = await draw(bundle.latent);
  const others = rival && (await draw(rival.latent));
  if (!drawn || !own) return [];
  const size = source.latent.length / drawn.length;
  return drawn.map((picture, i) => {
    const part = (latent: Float32Array) => latent.subarray(i * size, (i + 1) * size);
    const apart = (latent: Float32Array) => decibels(part(latent), part(source.latent));
    return {
      name: `Image ${i + 1}`,
      source: encodePng(picture),
      bundle: encodePng(own[i]!),
      psnr: apart(bundle.latent),
      ...(rival &&
        others && {
          fewerSteps: {
            what: rival.what,
            picture: encodePng(others[i]!),
            psnr: apart(rival.latent),
          },
        }),
    };
  });
}

/** Decibels, by levels of 0 to 255; undefined for pictures of different sizes. */
function psnr(a: Picture, b: Picture): number | undefined {
  if (a.data.length !== b.data.length || a.width !== b.width) return undefined;
  const squares = a.data.reduce((sum, level, i) => sum + (level - b.data[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}
