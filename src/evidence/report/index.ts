/** Plans, bundles and differences as text, pictures and pages. Free of Node imports. */
export {
  type CellCost,
  callAxis,
  type PlanLayout,
  planLayout,
  planMarks,
} from './charts/plan-marks.js';
export type { Shapes } from './difference-drawing.js';
export { type DifferencePageOptions, differencePage } from './difference-page.js';
export { type DifferenceTextOptions, differenceText, type Tone } from './difference-text.js';
export { type Decibels, type Headline, headlineOf, type Rival } from './facts/headline.js';
export { keptMemoryWarning } from './facts/kept-memory.js';
export type * from './facts/subject.js';
export { heatmapSvg } from './heatmap-svg.js';
export { type HeatmapTextOptions, heatmapText } from './heatmap-text.js';
export { reportPage } from './report-page.js';
export {
  percent,
  planTitle,
  type ShownPlan,
  type ShownStrategy,
  shownStrategies,
} from './strategies.js';
