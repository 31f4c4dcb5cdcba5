/** Calls by sites, under it the program of each call, and the states that go from call to call. */
import * as Plot from '@observablehq/plot';
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import type { StateArc } from '../facts/states.js';
import { formatMacs, plural } from '../format.js';
import { html, type Markup } from '../page/html.js';
import { roundStep, type ShownPlan } from '../strategies.js';
import { chart } from './chart.js';
import { type CellCost, callAxis, type PlanLayout, planLayout, planMarks } from './plan-marks.js';

export interface PlanChartOptions {
  readonly plan: ShownPlan;
  readonly schedule: Schedule;
  readonly known: KnownStrategies;
  readonly cost: CellCost;
  readonly arcs: readonly StateArc[];
}

/** Pixels. */
const RIGHT = 24;
const MOST_ARC = 160;
/** More programs than these are drawn as one row of MACs. */
const MOST_PROGRAMS = 8;

export function planChart({ plan, schedule, known, cost, arcs }: PlanChartOptions): Markup {
  const programs = callsOf(schedule).programs;
  const layout = planLayout(plan, programs.length <= MOST_PROGRAMS ? programs : ['program']);
  return html`${heatmap(plan, layout, known, cost)}${programRows(schedule, layout, programs)}${
    arcs.length > 0 &&
    row(names('', layout, { height: 1, y: { domain: [] } }), arcRow(plan.calls, layout, arcs))
  }`;
}

/** Names that stay where they are while the calls scroll. */
const row = (beside: Markup, cells: Markup): Markup =>
  html`<div class="row"><div class="names">${beside}</div>${cells}</div>`;

/** The names of rows, beside a chart of the same height and the same scale. */
function names(
  label: string,
  layout: PlanLayout,
  { shown = [], title, ...options }: NamesOptions,
): Markup {
  return chart(label, {
    width: layout.left,
    marginLeft: layout.left,
    marginRight: 0,
    style: { fontSize: '11px' },
    ...options,
    y: { ...options.y, axis: null },
    marks: [
      Plot.axisY(shown, { label: null, tickSize: 0 }),
      Plot.text(title === undefined ? [] : [title], {
        text: (d: string) => d,
        frameAnchor: 'top-right',
        textAnchor: 'end',
        dx: -3,
        dy: -12,
      }),
    ],
  });
}

type NamesOptions = Pick<Plot.PlotOptions, 'height' | 'marginTop' | 'marginBottom' | 'y'> & {
  readonly shown?: readonly string[];
  /** Of the scale above the cells. */
  readonly title?: string;
};

/** What all rows share, so that a call stands in one place in each. */
const across = (calls: number, layout: PlanLayout) => ({
  width: 1 + layout.width + RIGHT,
  marginLeft: 1,
  marginRight: RIGHT,
  x: { domain: [0, calls], axis: null },
  style: { fontSize: '11px' },
});

function heatmap(
  plan: ShownPlan,
  layout: PlanLayout,
  known: KnownStrategies,
  cost: CellCost,
): Markup {
  const ids = Object.keys(plan.sites);
  const every = roundStep(11 / layout.cell.height);
  const down = {
    height: layout.height + 26,
    marginTop: 22,
    marginBottom: 4,
    y: { type: 'band' as const, domain: ids, padding: 0, axis: null },
  };
  const shown = ids.filter((_, i) => i % every === 0);
  return row(
    names('Sites', layout, { ...down, shown, title: 'call' }),
    chart(`Strategy of ${plural(ids.length, 'site')} at ${plural(plan.calls, 'call')}`, {
      ...across(plan.calls, layout),
      ...down,
      marks: [callAxis(plan.calls, layout), ...planMarks(plan, layout, known, cost)],
    }),
  );
}

function programRows(schedule: Schedule, layout: PlanLayout, programs: readonly string[]): Markup {
  const { cost } = schedule;
  const calls = callsOf(schedule);
  const macs = cost?.macs?.convention.all;
  const few = programs.length <= MOST_PROGRAMS;
  const most = Math.max(1, macs?.source ?? 1, ...Object.values(macs?.programs ?? {}));
  const bars = calls.inOrder.map((program, call) => {
    const own = macs?.programs[program];
    return {
      call,
      program: few ? program : 'program',
      share: (own ?? most) / most,
      title: `call ${call}: ${program}${own === undefined ? '' : `, ${formatMacs(own)} MACs`}`,
    };
  });
  const rows = few ? [...programs] : ['program'];
  const down = {
    height: rows.length * 20 + 8,
    marginTop: 4,
    marginBottom: 4,
    y: { type: 'band' as const, domain: rows, padding: 0.15, axis: null },
  };
  const cells = chart('Program of each call', {
    ...across(calls.length, layout),
    ...down,
    opacity: { domain: [0, 1], range: [0, 1] },
    marks: [
      Plot.barX(bars, {
        x1: 'call',
        x2: ({ call }: { call: number }) => call + 1,
        y: 'program',
        fill: 'var(--bundle)',
        stroke: 'var(--bundle)',
        strokeWidth: layout.cell.width > 4 ? 0.75 : 0,
        // the fuller the colour, the more of the source's work
        fillOpacity: ({ share }: { share: number }) => 0.25 + 0.75 * share,
        title: 'title',
        insetLeft: layout.cell.width > 4 ? 0.5 : 0,
        insetRight: layout.cell.width > 4 ? 0.5 : 0,
      }),
    ],
  });
  return row(names('Programs', layout, { ...down, shown: rows }), cells);
}

function arcRow(calls: number, layout: PlanLayout, arcs: readonly StateArc[]): Markup {
  const longest = Math.max(...arcs.map(({ from, to }) => to - from)) * layout.cell.width;
  /** Degrees between an arc and its chord; flatter where the longest would be too high. */
  const bend = Math.min(60, (2 * Math.atan(MOST_ARC / (longest / 2)) * 180) / Math.PI);
  const height = Math.ceil((longest / 2) * Math.tan(((bend / 2) * Math.PI) / 180)) + 14;
  const most = Math.max(...arcs.map(({ states }) => states.length));
  return chart('States, from the call that writes them to those that read them', {
    ...across(calls, layout),
    height,
    marginTop: 2,
    marginBottom: 2,
    y: { domain: [0, 1], axis: null },
    marks: [
      Plot.arrow(arcs, {
        x1: ({ from }: StateArc) => from + 0.5,
        x2: ({ to }: StateArc) => to + 0.5,
        y1: 1,
        y2: 1,
        bend: -bend,
        headLength: layout.cell.width > 5 ? 5 : 0,
        stroke: 'var(--source)',
        strokeOpacity: 0.7,
        strokeWidth: ({ states }: StateArc) => 1 + (1.5 * states.length) / most,
        title: ({ from, to, states }: StateArc) =>
          `call ${from} to call ${to}: ${states.length > 6 ? `${states.length} states` : states.join(', ')}`,
      }),
    ],
  });
}
