/** The plan as a heat map in which the current call's column is lit. */
import * as Plot from '@observablehq/plot';
import { planOfSchedule } from 'stepfold';
import { callAxis, planLayout, planMarks, shownStrategies } from 'stepfold/report';
import type { Schedule } from 'stepfold/runtime';
import { el, scrolling } from '../page/dom.js';

export interface PlanView {
  /** @param call the call under way; undefined lights none */
  light(call: number | undefined): void;
}

const TOP = 22;

/** @param made steps of the loop that the bundle was made for */
export function showPlan(place: HTMLElement, schedule: Schedule, made: number): PlanView {
  const plan = planOfSchedule(schedule)!;
  const layout = planLayout(plan);
  const width = layout.left + layout.width + 8;
  const picture = Plot.plot({
    width,
    height: layout.height + TOP + 4,
    marginLeft: layout.left,
    marginRight: 8,
    marginTop: TOP,
    marginBottom: 4,
    ariaLabel: `Strategy of each site at each of ${plan.calls} calls`,
    x: { domain: [0, plan.calls], axis: null },
    y: { domain: Object.keys(plan.sites), padding: 0, axis: null },
    style: { maxWidth: 'none' },
    marks: [
      callAxis(plan.calls, layout),
      Plot.axisY({ label: null, tickSize: 0 }),
      ...planMarks<Plot.Markish>(plan, layout),
      Plot.rect([0], {
        x1: 0,
        x2: 1,
        fill: 'none',
        stroke: 'var(--lit)',
        strokeWidth: 2.5,
        className: 'lit',
      }),
    ],
  });
  const lit = picture.querySelector<SVGElement>('.lit')!;
  lit.setAttribute('visibility', 'hidden');
  const keys = shownStrategies(plan).map(({ name, letter, color, ink, count }) =>
    el(
      'span',
      { className: 'key' },
      el('i', { style: `background:${color};color:${ink}`, textContent: letter } as never),
      `${name}: ${count} `,
    ),
  );
  place.replaceChildren(
    scrolling('The plan: calls across, parts of the model down', picture as unknown as Node),
    el('p', { className: 'faint keys' }, ...keys),
  );
  const cost = schedule.cost?.macs?.convention.all;
  const note = document.getElementById('plan-note')!;
  const other =
    plan.calls === made
      ? ''
      : `The bundle was made for ${made} steps, and serves ${plan.calls} by its rules, with the same models. `;
  note.textContent = cost
    ? `${other}A column is a call, a row a part of the model. By MACs alone the schedule would be ${(cost.source / cost.perCall).toFixed(2)} times as fast.`
    : other;
  return {
    light(call) {
      lit.setAttribute('visibility', call === undefined ? 'hidden' : 'visible');
      lit.setAttribute('transform', `translate(${(call ?? 0) * layout.cell.width},0)`);
      lit.dataset.call = String(call ?? '');
    },
  };
}
