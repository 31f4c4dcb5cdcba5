// What was measured, as tables: of each family what was chosen for no more than so many full calls.

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Decibels of the mean of what the pictures' decibels are of: a few that went wrong decide it. */
export const pooled = (psnr) => -10 * Math.log10(mean(psnr.map((v) => 10 ** (-v / 10))));

/** Calls are sums of quotients of MACs. */
const ROUNDING = 0.05;

/** Names a loop and what is run in it. */
function settingOf({ loop, passes = [] }) {
  const { sampler, steps, spacing, shift } = loop;
  const chosen = passes.map(([name, options]) => `${name} ${JSON.stringify(options)}`);
  const place = shift === undefined || spacing === 'karras' ? spacing : `${spacing} ${shift}`;
  return [`${sampler} ${steps} ${place}`, ...chosen].join(', ');
}

/**
 * @param measured rows as equal-cost.mjs keeps them
 * @param budgets full calls
 * @returns lines of Markdown
 */
export function equalCostTable(measured, scale, budgets) {
  const rows = Object.entries(measured)
    .map(([key, row]) => ({
      ...row,
      passes: JSON.parse(key.slice(key.indexOf(' ')))[2],
    }))
    .filter((row) => row.scale === scale);
  const families = [...new Set(rows.map(({ family }) => family))];
  const lines = [
    `| full calls | ${budgets.join(' | ')} |`,
    `|---|${budgets.map(() => '---').join('|')}|`,
  ];
  const which = [];
  for (const family of families) {
    const cells = budgets.map((budget) => {
      // of what was chosen, the most costly was the nearest where it was chosen
      const best = rows
        .filter((row) => row.family === family && row.calls <= budget + ROUNDING)
        .sort((a, b) => b.calls - a.calls)[0];
      if (!best) return '';
      const { psnr, own } = best;
      which.push(`${scale}, ${family}, ${budget}: ${settingOf(best)} (${best.calls.toFixed(1)})`);
      const toOwn = own ? `, own ${pooled(own).toFixed(1)}` : '';
      return `${pooled(psnr).toFixed(1)} (${mean(psnr).toFixed(1)})${toOwn}`;
    });
    lines.push(`| ${family} | ${cells.join(' | ')} |`);
  }
  return [...lines, '', ...which];
}
