/** Charts as text, drawn by Observable Plot into a document that needs no browser. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { visibleLines } from '../../../errors/index.js';
import { escapeText, Markup } from '../page/html.js';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** @param label what the picture shows, for those who do not see it */
export function chart(label: string, options: Plot.PlotOptions): Markup {
  const drawn = Plot.plot({ ...options, document: document as never });
  // linkedom writes attributes as HTML has them, in which XML would not be well formed
  const head = `<svg role="img" aria-label="${escapeText(label)}" `;
  // control characters can only be those of names, and no XML may hold them
  return new Markup(visibleLines(drawn.outerHTML).replace('<svg ', () => head));
}
