/** What fewer steps of the source come to in the time that the bundle takes, nearest to the converged picture first. */
import { rowTitle } from '../../yardstick/index.js';
import type { ReportSubject } from '../facts/subject.js';
import { html } from '../page/html.js';
import { type Section, table } from '../page/page.js';

const decibels = (value: number) => (Number.isFinite(value) ? `${value.toFixed(1)} dB` : 'equal');

export function fewerStepsSection({ fewerSteps }: ReportSubject): Section | undefined {
  if (!fewerSteps) return undefined;
  const { cost, convergedSteps, loop, bundle, rows } = fewerSteps;
  const all = [
    { what: html`<b>the bundle</b>`, ...bundle },
    ...rows.map((row) => ({ what: rowTitle(row), ...row })),
  ].sort((a, b) => b.converged - a.converged);
  return {
    id: 'fewer-steps',
    title: 'Fewer steps in the same time',
    body: html`${table(
      ['', "to the source's loop", `to ${convergedSteps} steps`],
      [
        ...all.map(({ what, own, converged }) => [what, decibels(own), decibels(converged)]),
        ["the source's own loop", '', decibels(loop)],
      ],
      [1, 2],
    )}<p class="faint">By its time the loop of the bundle costs ${cost.toFixed(1)} calls of the source; so many steps in full, with each sampler at its best spacing, from the same noise. Decibels: the range of the latents over the root mean square of the difference.</p>`,
  };
}
