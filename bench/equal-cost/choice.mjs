// Which settings are measured: of each family the best at each of some costs, by what was seen on the few noises.
import { pooled } from './decibels.mjs';
import { keyOf } from './methods.mjs';

/** In full calls: twice, three and four times as fast as 50 of them, and where fewer steps are drawn as a line. */
const OF_FIFTY = { columns: [25, 17, 12], line: [8, 33] };
/** Of 28. */
const OF_FLOW = { columns: [6, 8, 10, 14, 17, 20], line: [] };
const COSTS = {
  digits: OF_FIFTY,
  'dit-digits': OF_FIFTY,
  'flow-digits': OF_FLOW,
  fashion: OF_FIFTY,
  'flow-fashion': OF_FLOW,
};
/** MACs of a plan seldom come out at a whole number of calls. */
const SLACK = 0.5;
/** What is measured at every scale of guidance. */
const RIVALS = /^(fewer steps|output, order [12]|output by log-SNR, order 1)$/;

/** @param {string} budgets full calls as the command line has them, or nothing for the model's own */
export const costsOf = (model, budgets = '') =>
  budgets ? { columns: budgets.split(',').map(Number), line: [] } : COSTS[model];

/**
 * @param methods as methods.mjs lists them; those that were not tried are left out
 * @param tried by key, as equal-cost.mjs keeps them
 * @returns methods with their key, the costs `at` which they are the best, and whether others are held against them
 */
export function chosenOf(methods, tried, { columns, line }) {
  const seen = methods.flatMap((method) => {
    const key = keyOf(method);
    return tried[key] ? [{ ...method, key, ...tried[key] }] : [];
  });
  const found = new Map();
  const families = [...new Set(seen.map(({ family }) => family))];
  for (const family of families)
    for (const cost of family === 'fewer steps' ? [...columns, ...line] : columns) {
      const [best] = seen
        .filter((one) => one.family === family && one.calls <= cost + SLACK)
        .sort((a, b) => pooled(b.psnr) - pooled(a.psnr) || a.calls - b.calls);
      // what is best at less cost than a point of the line is no point there
      if (!best || (line.includes(cost) && best.calls < cost - SLACK)) continue;
      const at = [...(found.get(best.key)?.at ?? []), cost];
      const rival = found.get(best.key)?.rival || (RIVALS.test(family) && columns.includes(cost));
      found.set(best.key, { ...best, at, rival });
    }
  return [...found.values()];
}
