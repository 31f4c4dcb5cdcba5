/** Other ways that could have been taken: what passes offer besides, thresholds of a search. */
import * as Plot from '@observablehq/plot';
import { chart } from '../charts/chart.js';
import type { KnownSubject, SearchedPlan, TrialPoint, Trials } from '../facts/subject.js';
import { formatMacs, plural } from '../format.js';
import { html, type Markup } from '../page/html.js';
import { figure, type Section, scrolling, table } from '../page/page.js';

export function choicesSection(subject: KnownSubject): Section | undefined {
  const { trials = [], plans } = subject;
  const tried = trials.filter(({ points }) => points.length > 0);
  if (tried.length === 0 && !plans?.length) return undefined;
  return {
    id: 'choices',
    title: 'What else could have been chosen',
    folded: [
      ...tried.map(({ title, points }) => `${title}: ${points.length} tried`),
      ...(plans?.length ? [plural(plans.length, 'searched plan')] : []),
    ].join('; '),
    body: html`${tried.map(trialFigure)}${plans?.length ? planFigures(plans) : undefined}`,
  };
}

function scatter(label: string, choices: readonly TrialPoint[]): Markup {
  const most = Math.max(...choices.map(({ macs }) => macs));
  const [unit, name] = most >= 1e9 ? [1e9, 'G'] : most >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return chart(label, {
    width: 640,
    height: 340,
    marginTop: 40,
    marginBottom: 40,
    marginLeft: 60,
    marginRight: 60,
    x: { label: `MACs of a call on average (${name})`, nice: true, grid: true },
    y: { label: 'relative error of the final latent', zero: true, nice: true, grid: true },
    style: { fontSize: '11px' },
    marks: [
      Plot.dot(choices, {
        x: ({ macs }: TrialPoint) => macs / unit,
        y: 'error',
        r: ({ chosen }: TrialPoint) => (chosen ? 7 : 4.5),
        fill: ({ chosen }: TrialPoint) => (chosen ? 'var(--bundle)' : 'var(--source)'),
        title: ({ label: what, macs, error }: TrialPoint) =>
          `${what}: ${formatMacs(macs)} MACs a call, off by ${(100 * error).toPrecision(2)} %`,
      }),
      Plot.text(choices, {
        x: ({ macs }: TrialPoint) => macs / unit,
        y: 'error',
        text: 'short',
        dy: -14,
        fill: 'var(--ink)',
      }),
    ],
    r: { type: 'identity' },
  });
}

const KEY = html`<ul class="keys"><li><i style="background:var(--bundle)"></i>this bundle</li><li><i style="background:var(--source)"></i>others</li></ul>`;

function trialFigure({ title, figure: label, note, points }: Trials): Markup {
  const [only] = points;
  return html`<h3>${title}</h3>${
    points.length === 1
      ? html`<p>Only one can be compared: ${only!.label} costs ${formatMacs(only!.macs)} MACs a call and ends ${(100 * only!.error).toPrecision(2)} % off.</p><p class="faint">${note}</p>`
      : html`${KEY}${figure(label, scatter(label, points), note)}${choiceTable(title, points)}`
  }`;
}

const choiceTable = (title: string, choices: readonly TrialPoint[]) =>
  table(
    title,
    ['', 'MACs of a call', 'error of the final latent'],
    choices.map(({ label, macs, error, chosen }) => [
      chosen ? `${label} (this one)` : label,
      formatMacs(macs),
      `${(100 * error).toPrecision(2)} %`,
    ]),
    [1, 2],
  );

function planFigures(plans: readonly SearchedPlan[]): Markup {
  const sorted = [...plans].sort((a, b) => a.threshold - b.threshold);
  const line = (label: string, value: (plan: SearchedPlan) => number, color: string) =>
    chart(label, {
      width: 420,
      height: 240,
      marginLeft: 60,
      x: { label: 'threshold', grid: true },
      y: { label, zero: true, grid: true },
      style: { fontSize: '11px' },
      marks: [
        Plot.line(sorted, { x: 'threshold', y: value, stroke: color }),
        Plot.dot(sorted, {
          x: 'threshold',
          y: value,
          fill: color,
          r: ({ chosen }: SearchedPlan) => (chosen ? 6 : 3.5),
          title: ({ file, threshold }: SearchedPlan) => `${file}: threshold ${threshold}`,
        }),
      ],
      r: { type: 'identity' },
    });
  const most = Math.max(...sorted.map(({ macs }) => macs));
  const charts = html`<div class="small">${scrolling(
    'MACs over thresholds',
    line('MACs of a call, of the dearest plan', ({ macs }) => macs / most, 'var(--source)'),
  )}${scrolling(
    'Error over thresholds',
    line('relative error of the final latent', ({ error }) => error, 'var(--bundle)'),
  )}</div>`;
  return html`<h3>Thresholds</h3>${sorted.length > 1 && charts}${choiceTable(
    'Plans by threshold',
    sorted.map(({ file, threshold, macs, error, chosen }) => ({
      label: `${threshold} (${file})`,
      short: String(threshold),
      macs,
      error,
      chosen,
    })),
  )}`;
}
