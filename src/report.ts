/**
 * Plans, bundles and differences as text, pictures and pages; free of Node imports. Strategies are shown as our
 * passes state them, and `others`, passes of one's own.
 */
import { passesWith } from '../passes/index.js';
import type { AnyPass } from './compiler/pass/index.js';
import * as report from './evidence/report/index.js';

export * from './evidence/report/index.js';

/** What a report is about. */
export type ReportSubject = Omit<report.ReportSubject, 'known'>;

const known = (others?: readonly AnyPass[]) => passesWith(others).strategies;

export const shownStrategies = (plan: report.ShownPlan, others?: readonly AnyPass[]) =>
  report.shownStrategies(plan, known(others));

export const heatmapSvg = (plan: report.ShownPlan, others?: readonly AnyPass[]) =>
  report.heatmapSvg(plan, known(others));

export const heatmapText = (
  plan: report.ShownPlan,
  options: report.HeatmapTextOptions = {},
  others?: readonly AnyPass[],
) => report.heatmapText(plan, known(others), options);

export const planMarks = (
  plan: report.ShownPlan,
  layout: report.PlanLayout,
  cost?: report.CellCost,
  others?: readonly AnyPass[],
) => report.planMarks(plan, layout, known(others), cost);

export const reportPage = (subject: ReportSubject, others?: readonly AnyPass[]) =>
  report.reportPage({ ...subject, known: known(others) });
