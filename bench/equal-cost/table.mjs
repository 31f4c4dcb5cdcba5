// What was measured, as a table in Markdown: of each family what was chosen at each cost.
import { mean, pooled } from './decibels.mjs';

/** What was measured of the chosen settings at one scale of guidance. */
export const measuredOf = (chosen, measured, scale) =>
  chosen.flatMap(({ key, at, passes }) => {
    const row = measured[`${scale} ${key}`];
    return row?.psnr.length > 0 ? [{ ...row, at, passes }] : [];
  });

/** Pooled, and in brackets the mean of the pictures' decibels and, pooled, that to the loop's own pictures. */
function cellOf({ calls, psnr, own }, cost, best) {
  const found = pooled(psnr);
  const decibels = `${found.toFixed(1)} dB`;
  const less = calls < cost - 1 ? ` at ${calls.toFixed(0)}` : '';
  const toOwn = own.length > 0 ? `; own ${pooled(own).toFixed(1)}` : '';
  return `${found > best - 0.05 ? `**${decibels}**` : decibels}${less} (${mean(psnr).toFixed(1)}${toOwn})`;
}

/** @returns lines, one for each family that has anything in a column */
export function tableOf(rows, columns) {
  const atCost = (cost) => rows.filter(({ at }) => at.includes(cost));
  const best = columns.map((cost) => Math.max(...atCost(cost).map(({ psnr }) => pooled(psnr))));
  const families = [...new Set(rows.map(({ family }) => family))];
  return [
    `| | ${columns.map((cost) => `${cost} calls`).join(' | ')} | noises |`,
    `|---|${columns.map(() => '---').join('|')}|---|`,
    ...families.flatMap((family) => {
      const found = columns.map((cost) => atCost(cost).find((one) => one.family === family));
      const cells = found.map((row, i) => (row ? cellOf(row, columns[i], best[i]) : ''));
      const noises = found.flatMap((row) => (row ? [row.psnr.length] : []));
      if (noises.length === 0) return [];
      return [`| ${family} | ${cells.join(' | ')} | ${Math.min(...noises)} |`];
    }),
  ];
}

/** Names a loop and what is run in it, with the columns of the table that it stands in. */
export function settingOf({ family, at, calls, loop, passes = [] }) {
  const { sampler, steps, spacing, shift } = loop;
  const place = shift === undefined ? spacing : `${spacing} ${shift}`;
  const chosen = passes.map(([{ name }, options]) => `${name} ${JSON.stringify(options)}`);
  const setting = [`${sampler} ${steps} ${place}`, ...chosen].join(', ');
  return `${family}, ${at.join(', ')}: ${setting} (${calls.toFixed(1)})`;
}
