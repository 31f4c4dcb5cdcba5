// Which settings are measured: of each family the best at each of some costs, by what was seen on the few noises.
import { pooled } from './decibels.mjs';

/** In full calls: twice, three and four times as fast as 50 of them. */
export const COSTS = [25, 17, 12];
/** And where fewer steps are drawn as a line. */
const LINE = [8, 33];
/** MACs of a plan seldom come out at a whole number of calls. */
const SLACK = 0.5;
/** What is measured at every scale of guidance. */
const RIVALS = /^(fewer steps|output, order [12]|output by log-SNR, order 1)$/;

/** @param tried settings with their family, calls and psnr */
export function chosenOf(tried) {
  const found = new Map();
  const families = [...new Set(tried.map(({ family }) => family))];
  for (const family of families)
    for (const cost of family === 'fewer steps' ? [...COSTS, ...LINE] : COSTS) {
      const [best] = tried
        .filter((one) => one.family === family && one.calls <= cost + SLACK)
        .sort((a, b) => pooled(b.psnr) - pooled(a.psnr) || a.calls - b.calls);
      // what is best at less cost than a point of the line is no point there
      if (!best || (LINE.includes(cost) && best.calls < cost - SLACK)) continue;
      const at = [...(found.get(best.key)?.at ?? []), cost];
      const rival = found.get(best.key)?.rival || (RIVALS.test(family) && COSTS.includes(cost));
      found.set(best.key, { ...best, at, rival });
    }
  return [...found.values()];
}
