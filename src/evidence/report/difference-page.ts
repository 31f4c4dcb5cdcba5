/** The difference of two models as a page. */
import { type ModelDifference, type Region, regionsOf } from '../../model/diff/index.js';
import { VERSION } from '../../version.js';
import { differenceDrawing, type Shapes } from './difference-drawing.js';
import { differenceText, regionTitle } from './difference-text.js';
import { html, type Markup } from './page/html.js';
import { renderPage, type Section } from './page/page.js';

export interface DifferencePageOptions {
  /** Names of the two models. */
  readonly before: string;
  readonly after: string;
  readonly shapes?: Shapes;
}

/** Regions beyond these are listed in the text alone. */
const MOST_REGIONS = 40;

/** HTML that needs no other file. */
export function differencePage(
  difference: ModelDifference,
  { before, after, shapes }: DifferencePageOptions,
): string {
  const regions = regionsOf(difference);
  const text = differenceText(difference, {
    most: Number.POSITIVE_INFINITY,
    ...(shapes && { shapes }),
  });
  const drawings = regions.slice(0, MOST_REGIONS).map((region, i) => {
    const title = `Region ${i + 1}: ${regionTitle(region)}`;
    const drawing = regionDrawing(title, difference, region, shapes);
    return html`<details${i < 3 && html` open`}><summary>${title}</summary>${
      drawing ?? html`<p class="faint">Too large to draw; the text lists its nodes.</p>`
    }</details>`;
  });
  const sections: Section[] = [
    ...(regions.length > 0
      ? [{ id: 'regions', title: 'Regions', body: html`${DIFFERENCE_KEY}${drawings}` }]
      : []),
    { id: 'text', title: 'As text', body: html`<pre>${text}</pre>` },
  ];
  return renderPage({
    title: `${before} and ${after}`,
    lead: html`<p>${text.split('\n', 1)[0]}</p>`,
    sections,
    producer: `stepfold ${VERSION}`,
  });
}

function regionDrawing(
  label: string,
  difference: ModelDifference,
  { removed, inserted, changed }: Region,
  shapes: Shapes | undefined,
): Markup | undefined {
  const nodes = new Set([...removed, ...inserted, ...changed.map((entry) => entry.before)]);
  return differenceDrawing(label, difference, { nodes, border: true }, shapes);
}

export const DIFFERENCE_KEY = html`<ul class="keys"><li><i style="background:var(--removed)"></i>− removed</li><li><i style="background:var(--inserted)"></i>+ inserted</li><li><i style="background:var(--changed)"></i>~ changed, or reads something else</li><li><i style="background:var(--same)"></i>the same</li><li><i style="background:var(--paper)"></i>around it</li></ul>`;
