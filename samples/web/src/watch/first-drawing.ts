/** What stands on the page until something is drawn: pictures that its first choice drew, kept beside it. */
import { byId } from '../page/dom.js';
import bundle from './first/bundle.png?inline';
import fewer from './first/fewer.png?inline';
import about from './first/first.json';
import source from './first/source.png?inline';
import type { Which } from './messages.js';

const PICTURES: Readonly<Record<Which, string>> = { source, bundle, fewer };

/** Undone as soon as a drawing begins. */
export async function showFirst(): Promise<void> {
  const words: Readonly<Record<Which, string>> = {
    source: `${about.steps} calls`,
    bundle: `${about.steps} calls, ${about.decibels.bundle.toFixed(1)} dB from it`,
    fewer: `${about.fewerSteps} calls, ${about.decibels.fewer.toFixed(1)} dB from it`,
  };
  for (const which of ['source', 'bundle', 'fewer'] as const) {
    const image = new Image();
    image.src = PICTURES[which];
    await image.decode();
    const canvas = byId(which, HTMLCanvasElement);
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d')!.drawImage(image, 0, 0);
    byId(`${which}-time`, HTMLOutputElement).value = words[which];
  }
  byId('watch-status', HTMLParagraphElement).textContent =
    `A ${about.digit} that these choices drew before, from seed ${about.seed}. Draw does it here, and says how long each takes.`;
}

/** Nothing is left of what was there. */
export function clearPictures(): void {
  for (const which of ['source', 'bundle', 'fewer'] as const) {
    const canvas = byId(which, HTMLCanvasElement);
    canvas.getContext('2d')!.clearRect(0, 0, canvas.width, canvas.height);
    byId(`${which}-time`, HTMLOutputElement).value = '';
  }
}
