/** Source and bundle beside one another in figures: work, time, memory, files. */
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import { keptMemoryWarning } from '../facts/kept-memory.js';
import { stateLives } from '../facts/states.js';
import type { KnownSubject } from '../facts/subject.js';
import {
  formatBytes,
  formatMacs,
  formatSizes,
  formatTimes,
  list,
  milliseconds,
  plural,
} from '../format.js';
import { html, type Markup } from '../page/html.js';
import { type Section, table } from '../page/page.js';

export function figuresSection(subject: KnownSubject): Section {
  const lives = stateLives(subject.schedule);
  const { schedule, report, measured, modelBytes } = subject;
  const { cost, weights, source } = schedule;
  const calls = callsOf(schedule);
  const macs = cost?.macs;
  const per = (convention: 'all' | 'layers') => {
    const counts = macs?.convention[convention];
    return counts
      ? [
          formatMacs(counts.source),
          formatMacs(counts.perCall),
          formatTimes(counts.source / counts.perCall),
        ]
      : ['?', '?', ''];
  };
  const known = lives.flatMap(({ bytes }) => bytes ?? []);
  const stateBytes = cost?.stateBytes ?? (known.length === lives.length ? sum(known) : undefined);
  const rows: (string | Markup)[][] = [
    [
      'Model',
      html`${source.file}<br><code class="faint" title="${source.sha256}">sha256 ${source.sha256.slice(0, 16)}…</code>`,
      list(Object.values(schedule.models).map(({ file }) => file)),
      '',
    ],
    ['Passes', '', report.passes.length > 0 ? html`${report.passes.map(passText)}` : '', ''],
    ['Guidance', '', guidanceText(schedule), ''],
    ['Calls', String(calls.length), String(calls.length), ''],
    ['MACs of a call, attention included', ...per('all')],
    ['MACs of a call, layers only', ...per('layers')],
    ...(measured
      ? [
          [
            'Time of the loop',
            milliseconds(measured.loop.source),
            milliseconds(measured.loop.bundle),
            measured.loop.worth === 'unclear'
              ? 'unclear'
              : formatTimes(measured.loop.source / measured.loop.bundle),
          ],
          [
            'Memory of the process',
            `${formatBytes(measured.memory.source)} with the source`,
            `${formatBytes(measured.memory.both)} with both`,
            '',
          ],
        ]
      : []),
    ['Graphs on disk', '', formatBytes(sum(Object.values(modelBytes))), ''],
    ['Weights on disk', '', weightsText(subject), ''],
    [
      'Weights that models read',
      '',
      formatBytes(sum(weights.map(({ used, bytes }) => used ?? bytes))),
      '',
    ],
    [
      'States',
      '',
      `${plural(lives.length, 'tensor')}, ${stateBytes === undefined ? 'size unknown' : formatBytes(stateBytes)}`,
      '',
    ],
  ];
  const heavy = keptMemoryWarning(schedule);
  return {
    id: 'figures',
    title: 'Measurements',
    folded: foldedLine(subject),
    body: html`${table(
      'Source and bundle in figures',
      ['', 'source', 'bundle', 'ratio'],
      rows.filter(([, ofSource, ofBundle]) => ofSource || ofBundle),
      [3],
    )}${heavy && html`<p>Note: ${heavy}.</p>`}
<p class="faint">For ${formatSizes(macs?.bindings ?? {})}.${
      measured &&
      ` Times are medians of ${measured.rounds} alternating ${measured.turns === 'loops' ? 'loops' : 'runs'} in onnxruntime on this machine.`
    }</p>`,
  };
}

const foldedLine = ({ schedule, measured }: KnownSubject): string => {
  const macs = schedule.cost?.macs?.convention.all;
  return [
    ...(measured
      ? [`${milliseconds(measured.loop.source)} to ${milliseconds(measured.loop.bundle)} a loop`]
      : []),
    ...(macs ? [`${formatMacs(macs.source)} to ${formatMacs(macs.perCall)} MACs a call`] : []),
    'passes, memory, disk',
  ].join('; ');
};

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

function passText({ pass, options }: KnownSubject['report']['passes'][number]): Markup {
  const text = Object.entries(options).map(
    ([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : String(value)}`,
  );
  return html`<code>${[pass, ...(text.length > 0 ? [text.join(',')] : [])].join(':')}</code> `;
}

function guidanceText({ source: { guidance } }: Schedule): string {
  return guidance ? `${guidance.order}, ${guidance.mode}` : '';
}

function weightsText({ report }: KnownSubject): string {
  const files = Object.values(report.weights);
  if (files.length === 0) return 'inside the models';
  const ways = [...new Set(files.map(({ by }) => by))];
  return `${formatBytes(sum(files.map(({ bytes }) => bytes)))} (${list(ways)})`;
}
