/**
 * Plans, bundles and differences as text, pictures and pages; free of Node imports. Strategies are shown as our
 * passes state them, and `others`, passes of one's own.
 *
 * @packageDocumentation
 */
import { passesWith } from '../passes/table.js';
import type { AnyPass } from './compiler/pass/index.js';
import type {
  CellCost,
  HeatmapTextOptions,
  PlanLayout,
  ReportSubject,
  ShownPlan,
  ShownStrategy,
} from './evidence/report/index.js';
import * as report from './evidence/report/index.js';

export {
  type CellCost,
  type DifferencePageOptions,
  type DifferenceTextOptions,
  differencePage,
  differenceText,
  type FewerSteps,
  type HeatmapTextOptions,
  type LoopTrace,
  type Measured,
  type PicturePair,
  type PlanLayout,
  planLayout,
  type ReportSubject,
  type RivalPicture,
  type SearchedPlan,
  type Shapes,
  type ShownPlan,
  type ShownStrategy,
  type Tone,
  type TrialPoint,
  type Trials,
} from './evidence/report/index.js';

const known = (others?: readonly AnyPass[]) => passesWith(others).strategies;

export const shownStrategies = (plan: ShownPlan, others?: readonly AnyPass[]): ShownStrategy[] =>
  report.shownStrategies(plan, known(others));

export const heatmapSvg = (plan: ShownPlan, others?: readonly AnyPass[]): string =>
  report.heatmapSvg(plan, known(others));

export const heatmapText = (
  plan: ShownPlan,
  options: HeatmapTextOptions = {},
  others?: readonly AnyPass[],
): string => report.heatmapText(plan, known(others), options);

/**
 * The scale of calls above a plan, as a mark of Observable Plot. What marks are is for the caller's Plot to say,
 * `callAxis<Plot.Markish>(…)`, as Plot's own declarations do not compile wherever these have to.
 */
export const callAxis = <Mark = object>(calls: number, layout: PlanLayout): Mark =>
  report.callAxis(calls, layout) as Mark;

/** Marks of Observable Plot, of the caller's type as in `callAxis`. */
export const planMarks = <Mark = object>(
  plan: ShownPlan,
  layout: PlanLayout,
  cost?: CellCost,
  others?: readonly AnyPass[],
): Mark[] => report.planMarks(plan, layout, known(others), cost) as Mark[];

export const reportPage = (subject: ReportSubject, others?: readonly AnyPass[]): string =>
  report.reportPage({ ...subject, known: known(others) });
