/** What source and bundle draw from the same noise, with what differs. */
import type { KnownSubject, PicturePair } from '../facts/subject.js';
import { formatDecibels, plural } from '../format.js';
import { html, type Markup } from '../page/html.js';
import type { Section } from '../page/page.js';
import { picturePanel } from '../pictures/panel.js';

/** Pairs beyond these are folded. */
const SHOWN = 4;

export function picturesSection({ pictures, trace }: KnownSubject): Section | undefined {
  const frame = { id: 'pictures', title: 'Pictures' };
  if (!pictures?.length)
    return (
      trace && {
        ...frame,
        body: html`<p>The model's latents${trace.channels !== undefined && ` have ${plural(trace.channels, 'channel')} and`} are no pictures by themselves. Decode those of both, and give them with <code>--images</code>.</p>`,
      }
    );
  const panels = pictures.map((pair, i) => panelOf(pair, i, pictures.length > 1 || !trace));
  const more = panels.slice(SHOWN);
  return {
    ...frame,
    body: html`${trace && html`<p class="faint">From the same noise (${trace.sampler}, seed ${trace.seed})${trace.madeUp.length > 0 && `; ${trace.madeUp.join(', ')} made up from the seed`}.</p>`}${panels.slice(0, SHOWN)}${
      more.length > 0 &&
      html`<details><summary>${plural(more.length, 'picture')} more</summary>${more}</details>`
    }`,
  };
}

function panelOf(
  { name, source, bundle, psnr, fewerSteps }: PicturePair,
  at: number,
  isNamed: boolean,
): Markup {
  const distance = (decibels: number | undefined) =>
    decibels === undefined ? undefined : formatDecibels(decibels);
  return picturePanel({
    id: `picture-${at}`,
    name: isNamed ? name : undefined,
    reference: { what: 'source', png: source },
    others: [
      { what: 'bundle', png: bundle, distance: distance(psnr) },
      ...(fewerSteps
        ? [
            {
              what: 'fewer steps',
              png: fewerSteps.picture,
              distance: [distance(fewerSteps.psnr), fewerSteps.what]
                .filter((word) => word !== undefined)
                .join(', '),
            },
          ]
        : []),
    ],
  });
}
