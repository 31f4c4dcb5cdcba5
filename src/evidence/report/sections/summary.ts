/** What was done: one paragraph and one table. */

import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import { keptMemoryWarning } from '../facts/kept-memory.js';
import { otherLoopOf } from '../facts/other-loop.js';
import { type StateLife, stateLives } from '../facts/states.js';
import type { KnownSubject } from '../facts/subject.js';
import { formatBytes, formatMacs, formatShape, formatSizes, formatTimes } from '../format.js';
import { html, type Markup } from '../page/html.js';
import { type Section, table } from '../page/page.js';
import { percent } from '../strategies.js';

export function summarySection(subject: KnownSubject): Section {
  const lives = stateLives(subject.schedule);
  const other = otherLoopOf(subject);
  return {
    id: 'summary',
    title: 'What was done',
    body: html`<p>${paragraph(subject, lives)}</p>
${other && html`<p>${other}.</p>`}
${figures(subject, lives)}
${models(subject)}
${lives.length > 0 && states(lives, subject.schedule)}`,
  };
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

const FORMS = {
  split: 'a model for each program',
  merged: 'one model with an If around the alternatives',
  chain: 'segments that run one after another',
  stateful: 'one model that holds the plan and counts its calls',
  loop: 'the whole denoising loop as one model, and one that holds the plan and counts its calls',
} as const satisfies Record<Schedule['emit'], string>;

function paragraph({ schedule, report, measured }: KnownSubject, lives: StateLife[]): Markup {
  const { programs, source, emit, cost } = schedule;
  const calls = callsOf(schedule);
  const passes = report.passes.map(({ pass }) => pass);
  const macs = cost?.macs?.convention.all;
  const full = Object.keys(programs).length;
  return html`${source.file} is called ${plural(calls.length, 'time')} for an image. ${
    passes.length > 0 ? html`${list(passes)} made ` : 'The bundle has '
  }${plural(full, 'program')} of it (${emit}: ${FORMS[emit]}), which carry ${plural(
    lives.length,
    'state',
  )} from call to call${
    macs && html`, and a call costs ${percent(macs.perCall / macs.source)} of the MACs on average`
  }.${
    measured &&
    html` The loop took ${milliseconds(measured.loop.bundle)} in place of ${milliseconds(
      measured.loop.source,
    )}: ${formatTimes(measured.loop.source / measured.loop.bundle)} as fast, where MACs alone would give ${
      macs ? formatTimes(macs.source / macs.perCall) : '?'
    }.`
  }`;
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

export const milliseconds = (ms: number): string =>
  ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;

function figures(subject: KnownSubject, lives: StateLife[]): Markup {
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
            formatTimes(measured.loop.source / measured.loop.bundle),
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
  return html`${table(
    ['', 'source', 'bundle', 'ratio'],
    rows.filter(([, ofSource, ofBundle]) => ofSource || ofBundle),
  )}${heavy && html`<p>Note: ${heavy}.</p>`}
<p class="faint">For ${formatSizes(macs?.bindings ?? {})}.${
    measured &&
    ` Times are medians of ${measured.rounds} alternating ${measured.turns === 'loops' ? 'loops' : 'runs'} in onnxruntime on this machine.`
  }</p>`;
}

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

function models({ schedule, report, modelBytes, measured }: KnownSubject): Markup {
  const macs = schedule.cost?.macs?.convention;
  const head = [
    'program',
    'calls',
    'runs',
    'MACs',
    'of the source',
    ...(measured ? ['time', 'speed-up'] : []),
  ];
  const rows = Object.entries(schedule.programs).map(([name, { runs }]) => {
    const own = macs?.all.programs[name];
    const ms = measured?.programs[name];
    return [
      name,
      callsOf(schedule).of(name).length,
      list([...new Set(runs.map(({ model }) => schedule.models[model]!.file))]),
      own === undefined ? '?' : formatMacs(own),
      own === undefined || !macs ? '?' : percent(own / macs.all.source),
      ...(measured
        ? ms === undefined
          ? ['', '']
          : [milliseconds(ms), formatTimes(measured.sourceMilliseconds / ms)]
        : []),
    ];
  });
  const files = Object.entries(report.models).map(([id, { nodes, weightBytes }]) => [
    schedule.models[id]?.file ?? id,
    nodes,
    formatBytes(modelBytes[id]),
    formatBytes(weightBytes),
  ]);
  return html`<h3>Programs</h3>${table(head, rows, [1, 3, 4, 5, 6])}<h3>Models</h3>${table(
    ['file', 'nodes', 'graph', 'weights it reads'],
    files,
    [1, 2, 3],
  )}`;
}

/** States of one kind of life are one row. */
function states(lives: readonly StateLife[], schedule: Schedule): Markup {
  const calls = callsOf(schedule);
  const groups = new Map<string, StateLife[]>();
  for (const life of lives) {
    const key = JSON.stringify([life.type, life.shape, life.back, life.writes, life.reads]);
    groups.set(key, [...(groups.get(key) ?? []), life]);
  }
  const rows = [...groups.values()].map((group) => {
    const [life] = group as [StateLife];
    const last = life.reads.at(-1);
    return [
      group.length > 3
        ? `${life.id} and ${group.length - 1} like it`
        : list(group.map(({ id }) => id)),
      `${life.type} ${formatShape(life.shape)}`,
      life.bytes === undefined ? '?' : formatBytes(life.bytes * group.length),
      life.writes.length,
      life.reads.length,
      last === undefined ? 'never read' : `calls ${life.writes[0]} to ${last} of ${calls.length}`,
    ];
  });
  return html`<h3>States</h3>${table(
    ['state', 'tensor', 'bytes', 'written', 'read', 'lives'],
    rows,
    [2, 3, 4],
  )}`;
}
