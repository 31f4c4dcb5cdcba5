/** What a search tried, as a page: speed against error, fewer steps as a line, what was chosen with its pictures. */
import * as Plot from '@observablehq/plot';
import { encodePng, pictureGrid, toPictures } from '../../io/images.js';
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
import { html, Markup } from './page/html.js';
import { figure, renderPage, type Section, table } from './page/page.js';

export interface TuningPageOptions {
  readonly model: string;
  readonly errorTo: ErrorTo;
  /** Command lines that make what was tried. */
  readonly commands: (setting: Setting) => readonly string[];
}

/** HTML that needs no other file and no script. */
export function tuningPage(tuned: Tuned, options: TuningPageOptions): string {
  return renderPage({
    title: `${options.model}: what was tried`,
    lead: html`<p>${tuned.tried.length} settings in ${tuned.trials} trials, ${Math.round(tuned.evaluations)} evaluations of the model on one image.</p>`,
    sections: [
      chosenSection(tuned, options),
      frontSection(tuned, options),
      ...(picturesSection(tuned) ?? []),
      triedSection(tuned, options),
    ],
    producer: `stepfold ${VERSION}`,
  });
}

/** Of families, in the order in which they were tried. */
const COLORS = [
  ...['#ff725c', '#4269d0', '#efb118', '#3ca951', '#a463f2', '#6cc5b0', '#ff8ab7'],
  ...['#9c6b4e', '#97bbf5', '#9498a0'],
];

const dB = (value: number) => (value >= 150 ? 'equal' : value.toFixed(1));

const codeOf = (lines: readonly string[]) => html`<pre><code>${lines.join('\n')}</code></pre>`;

/** Who says what loops take. */
const timesText = ({ costsOf, chosen }: Tuned): string =>
  costsOf
    ? `Times are those of the model's calls, worked out from the costs of ${costsOf.file}, measured on: ${costsOf.machine}; no loop was timed there.`
    : `Times are medians of ${chosen.time.rounds} rounds here.`;

function chosenSection(tuned: Tuned, { errorTo, commands }: TuningPageOptions): Section {
  const { chosen, rival, loop } = tuned;
  const row = (what: string, one: Judged) => [
    what,
    settingTitle(one.setting),
    `${(one.time.milliseconds / 1000).toFixed(2)} s`,
    `${(loop.time.milliseconds / one.time.milliseconds).toFixed(2)}x`,
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
    id: 'chosen',
    title: 'What was chosen',
    body: html`${table(
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
    )}<p class="faint">On ${chosen.own.images} images that the search did not see. The error that counted was that to the ${errorTo === 'own' ? "loop's own" : 'converged'} pictures. ${timesText(tuned)}</p>${codeOf(commands(chosen.setting))}`,
  };
}

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
  return {
    id: 'front',
    title: 'Cost against error',
    body: figure(
      chart('Decibels of each setting over its cost', {
        width: 900,
        height: 420,
        grid: true,
        x: { label: `cost, in steps of the model (the loop as it is: ${loop.cost})` },
        y: { label: 'decibels' },
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
          Plot.dot([point(chosen)], { ...at, stroke: 'currentColor', r: 8, strokeWidth: 2 }),
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

/** Where latents have the channels of a picture. */
function picturesSection({ ends }: Tuned): Section[] | undefined {
  const { dims, ...latents } = ends;
  if (dims.length !== 4 || ![1, 3].includes(dims[1]!)) return undefined;
  const rows = [
    ['converged', latents.converged],
    ['the loop as it is', latents.loop],
    ['chosen', latents.chosen],
    ['fewer steps', latents.rival],
  ] as const;
  const shown = rows.flatMap(([what, latent]) => {
    const pictures = latent && toPictures(latent, dims);
    if (!pictures) return [];
    const scale = Math.max(1, Math.floor(96 / pictures[0]!.height));
    const png = Buffer.from(encodePng(pictureGrid([[pictures]], { scale }))).toString('base64');
    const picture = new Markup(`<img alt="" src="data:image/png;base64,${png}">`);
    return [html`<figure>${picture}<figcaption>${what}</figcaption></figure>`];
  });
  return [{ id: 'pictures', title: 'Pictures of the same noise', body: html`${shown}` }];
}

function triedSection(
  { tried, failed, notTried }: Tuned,
  { errorTo, commands }: TuningPageOptions,
): Section {
  const sorted = [...tried].sort((a, b) => b[errorTo].mean - a[errorTo].mean);
  return {
    id: 'tried',
    title: 'All that was tried',
    body: html`${table(
      ['setting', 'cost', 'dB to converged', 'dB to own loop', 'images', 'commands'],
      sorted.map((one) => [
        settingTitle(one.setting),
        one.cost.toFixed(1),
        dB(one.converged.mean),
        dB(one.own.mean),
        one.own.images,
        html`<details><summary>show</summary>${codeOf(commands(one.setting))}</details>`,
      ]),
      [1, 2, 3, 4],
    )}${failed.map(({ setting, message }) => html`<p>Failed: ${settingTitle(setting)}: ${message}</p>`)}${notTried.map(({ pass, reason }) => html`<p>Not tried: ${pass}: ${reason}</p>`)}`,
  };
}
