/** What fewer steps of the source come to in the time that the bundle takes, nearest to the converged picture first. */
import { rowTitle } from '../../yardstick/index.js';
import type { ReportSubject } from '../facts/subject.js';
import { formatDecibels, plural } from '../format.js';
import { html } from '../page/html.js';
import { type Section, table } from '../page/page.js';

export function fewerStepsSection({ fewerSteps }: ReportSubject): Section | undefined {
  if (!fewerSteps) return undefined;
  const { cost, convergedSteps, loop, bundle, rows } = fewerSteps;
  const all = [
    { what: html`<b>the bundle</b>`, ...bundle },
    ...rows.map((row) => ({ what: rowTitle(row), ...row })),
  ].sort((a, b) => b.converged - a.converged);
  const nearer = all.findIndex(({ what }) => typeof what !== 'string');
  return {
    id: 'fewer-steps',
    title: 'Fewer steps in the same time',
    folded: `${nearer === 0 ? 'none' : nearer} of ${plural(rows.length, 'sampler')} nearer to ${convergedSteps} steps than the bundle`,
    body: html`${table(
      'Fewer steps in the same time, and the bundle',
      ['', "to the source's own result", `to that of ${convergedSteps} steps`],
      [
        ...all.map(({ what, own, converged }) => [
          what,
          formatDecibels(own),
          formatDecibels(converged),
        ]),
        ["the source's own loop", '', formatDecibels(loop)],
      ],
      [1, 2],
    )}<p class="faint">By its time the loop of the bundle costs ${cost.toFixed(1)} calls of the source; so many steps in full, with each sampler at its best spacing, from the same noise. Decibels: the range of the latents over the root mean square of the difference; 6 more are half the distance.</p>`,
  };
}
