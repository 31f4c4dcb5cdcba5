/** Pictures of plans. */
export { heatmapSvg } from './heatmap-svg.js';
export { type HeatmapTextOptions, heatmapText } from './heatmap-text.js';
export {
  percent,
  planTitle,
  type ShownPlan,
  type ShownStrategy,
  shownStrategies,
} from './strategies.js';
