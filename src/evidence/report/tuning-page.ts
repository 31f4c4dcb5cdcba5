/** What a search found, as a page: what was chosen with its pictures and neighbours, speed against error, and all else folded. */
import * as Plot from '@observablehq/plot';
import { VERSION } from '../../version.js';
import {
  type ErrorTo,
  FEWER,
  type Judged,
  type Setting,
  settingTitle,
  type Tried,
  type Tuned,
} from '../tune/index.js';
import { chart } from './charts/chart.js';
import { formatTimes, milliseconds, plural } from './format.js';
import { html } from './page/html.js';
import { cards, figure, renderPage, type Section, table } from './page/page.js';
import { tunedPictures } from './pictures/tuned.js';

export interface TuningPageOptions {
  readonly model: string;
  readonly errorTo: ErrorTo;
  /** Command lines that make what was tried. */
  readonly commands: (setting: Setting) => readonly string[];
}

/** HTML that needs no other file and no script. */
export function tuningPage(tuned: Tuned, options: TuningPageOptions): string {
  return renderPage({
    title: `${options.model}: tuned`,
    lead: html`<p>${settingTitle(tuned.chosen.setting)} was chosen of ${plural(tuned.tried.length, 'setting')}.</p>`,
    sections: [
      chosenSection(tuned, options),
      tunedPictures(tuned, options.errorTo),
      frontSection(tuned, options),
      neighboursSection(tuned, options),
      figuresSection(tuned, options),
      triedSection(tuned, options),
      leftOutSection(tuned),
    ].filter((section) => section !== undefined),
    producer: `stepfold ${VERSION}`,
  });
}

/** Of families, in the order in which they were tried. */
const COLORS = [
  ...['#ff725c', '#4269d0', '#efb118', '#3ca951', '#a463f2', '#6cc5b0', '#ff8ab7'],
  ...['#9c6b4e', '#97bbf5', '#9498a0'],
];

const dB = (value: number) => (value >= 150 ? 'equal' : value.toFixed(1));

const codeOf = (lines: readonly string[]) =>
  html`<pre class="commands"><code>${lines.join('\n')}</code></pre>`;

/** Who says what loops take. */
const timesText = ({ costsOf, chosen }: Tuned): string =>
  costsOf
    ? `Times are those of the model's calls, worked out from the costs of ${costsOf.file}, measured on: ${costsOf.machine}; no loop was timed there.`
    : `Times are medians of ${chosen.time.rounds} rounds here.`;

const toWhat = (errorTo: ErrorTo) =>
  errorTo === 'own' ? "the loop's own pictures" : 'the converged pictures';

/** Fewer steps beside what was chosen, where that is not fewer steps itself. */
const rivalOf = ({ chosen, rival }: Tuned): Judged | undefined =>
  chosen.setting.family === FEWER ? undefined : rival;

const withUnit = (value: number) => (value >= 150 ? 'equal' : `${dB(value)} dB`);

function chosenSection(tuned: Tuned, { errorTo, commands }: TuningPageOptions): Section {
  const { chosen, loop } = tuned;
  const rival = rivalOf(tuned);
  const of = (one: Judged) => one[errorTo].mean;
  const verdict = !rival
    ? chosen.setting.family === FEWER
      ? html`<b>Fewer steps it is.</b> No method was found that ends nearer to ${toWhat(errorTo)} in the same time.`
      : html`No fewer steps were tried at that cost.`
    : of(chosen) > of(rival)
      ? html`<b>Better than fewer steps.</b> ${settingTitle(rival.setting)} is the best of them in the same time, and ends ${withUnit(of(rival))} from ${toWhat(errorTo)}.`
      : html`<b>No better than fewer steps.</b> ${settingTitle(rival.setting)} ends ${withUnit(of(rival))} from ${toWhat(errorTo)} in the same time.`;
  return {
    id: 'chosen',
    title: 'What was chosen',
    body: html`${cards([
      {
        what: 'Speed',
        figure: formatTimes(loop.time.milliseconds / chosen.time.milliseconds),
        words: html`as fast as the loop as it is: ${milliseconds(chosen.time.milliseconds)} in place of ${milliseconds(loop.time.milliseconds)}`,
      },
      {
        what: 'Distance',
        figure: withUnit(of(chosen)),
        words: html`to ${toWhat(errorTo)}, ${plural(chosen[errorTo].images, 'image')} that the search did not see (${dB(chosen[errorTo].least)} to ${dB(chosen[errorTo].most)}); more is nearer`,
      },
      {
        what: 'The loop as it is',
        figure: withUnit(of(loop)),
        words: html`to ${toWhat(errorTo)}: ${settingTitle(loop.setting)}`,
      },
      ...(rival
        ? [
            {
              what: 'Fewer steps in the same time',
              figure: withUnit(of(rival)),
              words: html`to ${toWhat(errorTo)}: ${settingTitle(rival.setting)}`,
            },
          ]
        : []),
    ])}<p class="verdict">${verdict}</p>${codeOf(commands(chosen.setting))}`,
  };
}

function figuresSection(tuned: Tuned, { errorTo }: TuningPageOptions): Section {
  const { chosen, rival, loop, evaluations, trials } = tuned;
  const row = (what: string, one: Judged) => [
    what,
    settingTitle(one.setting),
    `${(one.time.milliseconds / 1000).toFixed(2)} s`,
    formatTimes(loop.time.milliseconds / one.time.milliseconds),
    ...[one.converged, one.own].flatMap((to) => [
      dB(to.mean),
      to.mean >= 150 ? '' : `${dB(to.least)} to ${dB(to.most)}`,
    ]),
  ];
  const rows = [
    row('chosen', chosen),
    ...(rival ? [row('fewer steps', rival)] : []),
    row('the loop as it is', loop),
  ];
  return {
    id: 'figures',
    title: 'Measurements',
    folded: `times and distances of the chosen, ${rival ? 'fewer steps, ' : ''}and the loop as it is`,
    body: html`${table(
      'The chosen beside others',
      [
        '',
        'setting',
        'time',
        'speedup',
        'dB to converged',
        'from, to',
        'dB to own loop',
        'from, to',
      ],
      rows,
      [2, 3, 4, 6],
    )}<p class="faint">On ${chosen.own.images} images that the search did not see. The error that counted was that to ${toWhat(errorTo)}. ${timesText(tuned)} The search took ${Math.round(evaluations)} evaluations of the model on one image, in ${trials} trials.</p>`,
  };
}

/** At most so many of each kind. */
const NEIGHBOURS = 2;
/** Parts of the chosen one's cost that count as the same. */
const AS_FAST = 0.1;

/** The chosen among what else could have been: on the front a little faster and slower, and what comes next as fast. */
function neighboursSection(
  { tried, chosen }: Tuned,
  { errorTo, commands }: TuningPageOptions,
): Section | undefined {
  const error = (one: Tried) => one[errorTo].mean;
  const title = settingTitle(chosen.setting);
  const self = tried.find((one) => settingTitle(one.setting) === title);
  if (!self || tried.length < 2) return undefined;
  const others = tried
    .filter((one) => one !== self)
    .sort((a, b) => error(b) - error(a) || a.cost - b.cost);
  const isAsFast = ({ cost }: Tried) => Math.abs(cost - self.cost) <= AS_FAST * self.cost;
  const front = others.filter(
    (one) =>
      !isAsFast(one) && !tried.some((other) => other.cost <= one.cost && error(other) > error(one)),
  );
  const slower = front.filter(({ cost }) => cost > self.cost).sort((a, b) => a.cost - b.cost);
  const faster = front.filter(({ cost }) => cost < self.cost).sort((a, b) => b.cost - a.cost);
  const rows = [
    ...slower.slice(0, NEIGHBOURS).map((one) => ['slower', one] as const),
    ['chosen', self] as const,
    ...others
      .filter(isAsFast)
      .slice(0, NEIGHBOURS)
      .map((one) => ['about as fast', one] as const),
    ...faster.slice(0, NEIGHBOURS).map((one) => ['faster', one] as const),
  ].sort(([, a], [, b]) => b.cost - a.cost);
  return {
    id: 'neighbours',
    title: 'Its neighbours',
    body: html`${table(
      'The chosen and its neighbours',
      ['', 'setting', 'cost', `dB to ${errorTo === 'own' ? 'own loop' : 'converged'}`, 'commands'],
      rows.map(([what, one]) => [
        one === self ? html`<b>${what}</b>` : what,
        settingTitle(one.setting),
        one.cost.toFixed(1),
        dB(error(one)),
        commandsOf(commands(one.setting)),
      ]),
      [2, 3],
    )}<p class="faint">Cost in steps of the model, decibels on the images of the search. Of what is slower or faster only that which nothing beats at its cost.</p>`,
  };
}

const commandsOf = (lines: readonly string[]) =>
  html`<details><summary>show</summary>${codeOf(lines)}</details>`;

function frontSection({ tried, chosen, loop }: Tuned, { errorTo }: TuningPageOptions): Section {
  const point = (one: Tried) => ({
    cost: one.cost,
    error: one[errorTo].mean,
    family: one.setting.family,
    title: settingTitle(one.setting),
  });
  const points = tried.map(point);
  const line = bestAtEach(points.filter(({ family }) => family === FEWER));
  const families = [...new Set(points.map(({ family }) => family))];
  const colorOf = (family: string) => COLORS[families.indexOf(family) % COLORS.length]!;
  const legend = families.map(
    (family) => html`<span style="color:${colorOf(family)}">●</span> ${family} `,
  );
  const at = { x: 'cost', y: 'error' } as const;
  const frame = { id: 'front', title: 'Cost against error' };
  if (new Set(points.map(({ cost, error }) => `${cost} ${error}`)).size < 2)
    return {
      ...frame,
      body: html`<p>Only one setting was tried, so there is no front to draw.</p>`,
    };
  const ring = point(
    tried.find(({ setting }) => settingTitle(setting) === settingTitle(chosen.setting)) ?? chosen,
  );
  return {
    ...frame,
    body: figure(
      'Decibels of each setting over its cost',
      chart('Decibels of each setting over its cost', {
        width: 900,
        height: 440,
        marginTop: 32,
        marginLeft: 48,
        marginRight: 48,
        marginBottom: 40,
        grid: true,
        x: {
          label: `cost of an image, in steps of the model (the loop as it is: ${loop.cost})`,
          nice: true,
        },
        y: { label: `decibels to ${toWhat(errorTo)}`, nice: true },
        style: { fontSize: '12px', maxWidth: 'none' },
        color: { domain: families, range: families.map(colorOf) },
        marks: [
          Plot.line(line, { ...at, stroke: 'currentColor', strokeDasharray: '4 3' }),
          Plot.dot(points, {
            ...at,
            fill: 'family',
            r: 4,
            title: 'title',
            channels: { title: 'title' },
          }),
          Plot.dot([ring], { ...at, stroke: 'currentColor', r: 8, strokeWidth: 2 }),
          Plot.text([ring], { ...at, text: () => 'chosen', dy: -16, fontWeight: 'bold' }),
        ],
      }),
      html`${legend}<br>Each setting on the images that it was tried on; the broken line is the best of fewer steps, the ring what was chosen.`,
    ),
  };
}

/** Of those at the same cost the best. */
function bestAtEach<P extends { readonly cost: number; readonly error: number }>(
  points: readonly P[],
): P[] {
  const best = new Map<number, P>();
  for (const one of points) {
    const known = best.get(one.cost);
    if (!known || one.error > known.error) best.set(one.cost, one);
  }
  return [...best.values()].sort((a, b) => a.cost - b.cost);
}

function triedSection({ tried }: Tuned, { errorTo, commands }: TuningPageOptions): Section {
  const sorted = [...tried].sort((a, b) => b[errorTo].mean - a[errorTo].mean);
  return {
    id: 'tried',
    title: 'All that was tried',
    folded: `${plural(tried.length, 'setting')}, the nearest first, with the commands that make each`,
    body: table(
      'All that was tried',
      ['setting', 'cost', 'dB to converged', 'dB to own loop', 'images', 'commands'],
      sorted.map((one) => [
        settingTitle(one.setting),
        one.cost.toFixed(1),
        dB(one.converged.mean),
        dB(one.own.mean),
        one.own.images,
        commandsOf(commands(one.setting)),
      ]),
      [1, 2, 3, 4],
    ),
  };
}

function leftOutSection({ failed, notTried }: Tuned): Section | undefined {
  if (failed.length + notTried.length === 0) return undefined;
  return {
    id: 'left-out',
    title: 'What failed or was not tried',
    folded: `${failed.length} failed, ${notTried.length} not tried, and why`,
    body: html`${failed.map(({ setting, message }) => html`<p>Failed: ${settingTitle(setting)}: ${message}</p>`)}${notTried.map(({ pass, reason }) => html`<p>Not tried: ${pass}: ${reason}</p>`)}`,
  };
}
