/** A plan on the terminal. */
import type { KnownStrategies } from '../compiler/pass/index.js';
import { heatmapText } from '../evidence/report/heatmap-text.js';
import type { ShownPlan } from '../evidence/report/strategies.js';
import { colors } from './colors.js';
import { printPainted } from './output.js';

const DEFAULT_WIDTH = 80;

/** Calls by sites, in the colours and the width of the terminal. */
export function printHeatmap(plan: ShownPlan, known: KnownStrategies): void {
  printPainted(
    heatmapText(plan, known, {
      color: colors.isColorSupported,
      width: process.stdout.columns ?? DEFAULT_WIDTH,
    }),
  );
}
