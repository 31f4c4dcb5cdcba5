/** What a plan search tries at a site: what the pass offers, each with its forecast. */
import { forecastOf } from '../../compiler/forecast/index.js';
import type { PassCalibration } from '../../compiler/pass/index.js';
import type { Site } from '../../compiler/plan/index.js';

/** Strategies that cost the same side by side, the cheapest first. */
export const candidateGroups = <O>(
  site: Site,
  call: number,
  calibration: PassCalibration<O>,
  options: O,
): string[][] =>
  calibration.candidates(site, call, options).map((name) => {
    const forecast = forecastOf(name);
    return Object.hasOwn(site.strategies, forecast) ? [name, forecast] : [name];
  });
