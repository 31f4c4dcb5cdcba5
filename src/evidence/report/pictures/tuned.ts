/** What a search's loops draw from the same noise, beside the pictures that counted. */
import { encodePng, type Picture, toPictures } from '../../../io/images.js';
import { type ErrorTo, FEWER, type Tuned } from '../../tune/index.js';
import { decibels } from '../../yardstick/index.js';
import { formatDecibels } from '../format.js';
import { html } from '../page/html.js';
import type { Section } from '../page/page.js';
import { picturePanel } from './panel.js';

/** Nothing where latents have not the channels of a picture. */
export function tunedPictures(
  { ends, chosen: { setting } }: Tuned,
  errorTo: ErrorTo,
): Section | undefined {
  const { dims, chosen, rival, loop, converged } = ends;
  if (dims.length !== 4 || ![1, 3].includes(dims[1]!)) return undefined;
  const wanted =
    errorTo === 'own'
      ? { what: 'the loop as it is', latent: loop }
      : { what: 'converged', latent: converged };
  const others = [
    { what: 'chosen', latent: chosen },
    ...(rival && setting.family !== FEWER ? [{ what: 'fewer steps', latent: rival }] : []),
    ...(errorTo === 'own' ? [] : [{ what: 'the loop as it is', latent: loop }]),
  ];
  const pictures = (latent: Float32Array) => toPictures(latent, dims);
  const references = pictures(wanted.latent);
  const drawn = others.map(({ what, latent }) => ({ what, latent, pictures: pictures(latent) }));
  const size = wanted.latent.length / references.length;
  const panels = references.map((reference: Picture, image) => {
    const part = (latent: Float32Array) => latent.subarray(image * size, (image + 1) * size);
    return picturePanel({
      id: `picture-${image}`,
      name: references.length > 1 ? `Image ${image + 1}` : undefined,
      reference: { what: wanted.what, png: encodePng(reference) },
      others: drawn.map(({ what, latent, pictures: own }) => ({
        what,
        png: encodePng(own[image]!),
        distance: formatDecibels(decibels(part(latent), part(wanted.latent))),
      })),
    });
  });
  return {
    id: 'pictures',
    title: 'Pictures of the same noise',
    body: html`${panels}`,
  };
}
