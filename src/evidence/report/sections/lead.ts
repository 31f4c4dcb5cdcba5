/** What the page is about, in a sentence. */
import { callsOf } from '../../../runtime/schedule/index.js';
import type { KnownSubject } from '../facts/subject.js';
import { list, plural } from '../format.js';
import { html, type Markup } from '../page/html.js';
import { percent } from '../strategies.js';

export function lead({ schedule, report }: KnownSubject): Markup {
  const { programs, source, cost, states } = schedule;
  const passes = report.passes.map(({ pass }) => pass);
  const macs = cost?.macs?.convention.all;
  return html`<p>${source.file} in ${plural(callsOf(schedule).length, 'call')} for an image${
    passes.length > 0 && `, with ${list(passes)}`
  }: ${plural(Object.keys(programs).length, 'program')} and ${plural(
    Object.keys(states).length,
    'state',
  )} that ${Object.keys(states).length === 1 ? 'goes' : 'go'} from call to call${
    macs && `, at ${percent(macs.perCall / macs.source)} of the MACs`
  }.</p>`;
}
