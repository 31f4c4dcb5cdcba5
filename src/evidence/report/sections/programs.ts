/** What runs at the calls, and the models that it is in. */
import { callsOf } from '../../../runtime/schedule/index.js';
import { FORMS } from '../facts/forms.js';
import type { KnownSubject } from '../facts/subject.js';
import { formatBytes, formatMacs, formatTimes, list, milliseconds, plural } from '../format.js';
import { html } from '../page/html.js';
import { type Section, table } from '../page/page.js';
import { percent } from '../strategies.js';

export function programsSection({ schedule, report, modelBytes, measured }: KnownSubject): Section {
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
  const { programs } = schedule;
  return {
    id: 'programs',
    title: 'Programs',
    folded: `${list(Object.keys(programs).slice(0, 4))}${Object.keys(programs).length > 4 ? ' and more' : ''}, in ${plural(files.length, 'model')}`,
    body: html`<p>As ${schedule.emit}: ${FORMS[schedule.emit]}.</p>${table('Programs', head, rows, [1, 3, 4, 5, 6])}<h3>Models</h3>${table(
      'Models',
      ['file', 'nodes', 'graph', 'weights it reads'],
      files,
      [1, 2, 3],
    )}`,
  };
}
