/** Marks of a plan: a bar for each cell, or where there are too many to point at a line for each strategy. */
import * as Plot from '@observablehq/plot';
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import { formatMacs } from '../format.js';
import { roundStep, type ShownPlan, shownStrategies } from '../strategies.js';

/** Pixels. */
export const PLAN_WIDTH = 760;
const PLAN_HEIGHT = 640;
const MOST_CELL = 18;
/** Beyond so many cells they are drawn together, and the picture stays small. */
const MOST_CELLS = 4000;
/** Pixels of a cell's shorter edge below which a letter cannot be read. */
const LEAST_LETTER = 12;
/** Stands out from a white page and from a dark one, as cells of the darkest and the lightest colour do not. */
const EDGE = '#8b949e';
/** Room that a character takes; wide enough for the sans-serif fonts of all systems. */
const CHARACTER = 6.5;

/** MACs of a site under a strategy, where that is known. */
export type CellCost = (site: string, strategy: string, call: number) => number | undefined;

export interface PlanLayout {
  /** Pixels of a cell. */
  readonly cell: { readonly width: number; readonly height: number };
  /** Pixels of all cells together, and left of them for the names of sites. */
  readonly width: number;
  readonly height: number;
  readonly left: number;
}

export function planLayout({ calls, sites }: ShownPlan, names: readonly string[] = []): PlanLayout {
  const ids = Object.keys(sites);
  const width = Math.max(1, Math.min(MOST_CELL, Math.floor(PLAN_WIDTH / calls)));
  const height = Math.max(
    2,
    Math.min(MOST_CELL, Math.floor(PLAN_HEIGHT / Math.max(1, ids.length))),
  );
  const longest = Math.max(4, ...[...ids, ...names].map((name) => name.length));
  return {
    cell: { width, height },
    width: width * calls,
    height: height * ids.length,
    left: Math.ceil(CHARACTER * longest) + 12,
  };
}

/** Scale of calls: cell `i` lies from `i` to `i + 1`, and its number stands at its middle. */
export function callAxis(calls: number, { cell }: PlanLayout) {
  const step = roundStep(28 / cell.width);
  const ticks = Array.from({ length: Math.ceil(calls / step) }, (_, i) => i * step);
  return Plot.axisX(
    ticks.map((call) => call + 0.5),
    { anchor: 'top', label: null, tickSize: 0, tickFormat: (x: number) => String(x - 0.5) },
  );
}

export function planMarks(
  plan: ShownPlan,
  layout: PlanLayout,
  known: KnownStrategies,
  cost?: CellCost,
): Plot.Markish[] {
  const cells = plan.calls * Object.keys(plan.sites).length;
  return cells > MOST_CELLS
    ? [...lineMarks(plan, layout, known), Plot.frame({ stroke: EDGE })]
    : [barMark(plan, layout, known, cost), ...letterMarks(plan, layout, known)];
}

/** Where one strategy begins, its letter, so that nobody has to tell colours apart; nothing where it would not be legible. */
function letterMarks(
  plan: ShownPlan,
  { cell }: PlanLayout,
  known: KnownStrategies,
): Plot.Markish[] {
  if (Math.min(cell.width, cell.height) < LEAST_LETTER) return [];
  const looks = new Map(shownStrategies(plan, known).map((shown) => [shown.name, shown]));
  const letters = Object.entries(plan.sites).flatMap(([site, column]) =>
    column.flatMap((name, call) => {
      const { letter, ink } = looks.get(name)!;
      return name === column[call - 1] ? [] : [{ site, call, letter, ink }];
    }),
  );
  return [
    Plot.text(letters, {
      x: ({ call }: (typeof letters)[number]) => call + 0.5,
      y: 'site',
      text: 'letter',
      fill: 'ink',
      fontSize: Math.min(11, cell.height - 3),
      pointerEvents: 'none',
      ariaHidden: 'true',
    }),
  ];
}

function barMark(
  plan: ShownPlan,
  { cell }: PlanLayout,
  known: KnownStrategies,
  cost?: CellCost,
): Plot.Markish {
  const colors = new Map(shownStrategies(plan, known).map(({ name, color }) => [name, color]));
  const bars = Object.entries(plan.sites).flatMap(([site, column]) =>
    column.map((name, call) => {
      const macs = cost?.(site, name, call);
      const costs = macs === undefined ? '' : `, ${formatMacs(macs)} MACs`;
      return {
        site,
        call,
        color: colors.get(name)!,
        title: `${site}, call ${call}: ${name}${costs}`,
      };
    }),
  );
  const gap = Math.min(cell.width, cell.height) >= 5 ? 0.5 : 0;
  return Plot.barX(bars, {
    x1: 'call',
    x2: ({ call }: (typeof bars)[number]) => call + 1,
    y: 'site',
    fill: 'color',
    title: 'title',
    ...(gap > 0 && { stroke: EDGE, strokeWidth: 0.75 }),
    insetLeft: gap,
    insetRight: gap,
    insetTop: gap,
    insetBottom: gap,
  });
}

/** Cells of a strategy as one thick line with gaps: a few letters a cell, and no words. */
function lineMarks(plan: ShownPlan, { cell }: PlanLayout, known: KnownStrategies): Plot.Markish[] {
  return shownStrategies(plan, known).map(({ name, color }) => {
    const points = Object.entries(plan.sites).flatMap(([site, column]) =>
      runs(column, name).flatMap(({ from, to }) => [
        { site, x: from },
        { site, x: to },
        { site, x: Number.NaN },
      ]),
    );
    return Plot.line(points, {
      x: 'x',
      y: 'site',
      z: null,
      stroke: color,
      strokeWidth: cell.height,
      strokeLinecap: 'butt',
    });
  });
}

/** Calls in a row that have a strategy: from the first to behind the last. */
function runs(column: readonly string[], strategy: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [call, name] of column.entries()) {
    if (name !== strategy) continue;
    const last = found.at(-1);
    if (last?.to === call) last.to++;
    else found.push({ from: call, to: call + 1 });
  }
  return found;
}
