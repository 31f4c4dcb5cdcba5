/** The plan as calls by sites, with programs and states under it. */
import { planOfSchedule } from '../../../runtime/schedule/index.js';
import { planChart } from '../charts/plan-chart.js';
import type { CellCost } from '../charts/plan-marks.js';
import { stateArcs, stateLives } from '../facts/states.js';
import type { KnownSubject } from '../facts/subject.js';
import { formatMacs } from '../format.js';
import { heatmapText } from '../heatmap-text.js';
import { html, Markup } from '../page/html.js';
import { type Section, scrolling } from '../page/page.js';
import { percent, shownStrategies } from '../strategies.js';

export function planSection({ schedule, report, known }: KnownSubject): Section | undefined {
  const plan = planOfSchedule(schedule);
  if (!plan || Object.keys(plan.sites).length === 0) return undefined;
  const macs = new Map(report.sites.map((site) => [site.id, site.macs]));
  const programs = schedule.cost?.macs?.convention.all.programs;
  const cost: CellCost = (site, strategy) => macs.get(site)?.[strategy];
  const arcs = stateArcs(stateLives(schedule));
  const total = (strategy: string) => {
    const costs = Object.entries(plan.sites).flatMap(([site, column]) =>
      column.filter((name) => name === strategy).map(() => cost(site, strategy, 0)),
    );
    return costs.includes(undefined) ? undefined : costs.reduce<number>((s, c) => s + (c ?? 0), 0);
  };
  const keys = shownStrategies(plan, known).map(({ name, letter, color, ink, count, share }) => {
    const all = total(name);
    return html`<li><i style="${new Markup(`background:${color};color:${ink}`)}" aria-hidden="true">${letter}</i>${name}: ${count} (${percent(share)})${
      all !== undefined && count > 0 && `, ${formatMacs(all / count)} MACs each`
    }</li>`;
  });
  const { sites } = schedule.cost ?? {};
  return {
    id: 'plan',
    title: 'The plan',
    body: html`<ul class="keys">${keys}</ul>
<figure>${scrolling(
      'The plan: calls across, sites down',
      planChart({ plan, schedule, known, cost, arcs }),
      'plan',
    )}<figcaption>A column is a call, call 0 the noisiest; a row above is a site, in the middle the program of the call${
      programs && ' (the fuller its colour, the more MACs)'
    }${arcs.length > 0 && ', and an arc below carries states from the call that wrote them to one that reads them'}.${
      sites &&
      html` The sites cost ${percent(sites.planned / sites.computed)} of what computing them at every call would.`
    }</figcaption></figure>
<details><summary>The plan as text</summary><pre tabindex="0" role="region" aria-label="The plan as text">${heatmapText(plan, known)}</pre></details>`,
  };
}
