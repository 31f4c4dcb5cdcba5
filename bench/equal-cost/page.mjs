// What bench/equal-cost.mjs measured, as tables in Markdown and as a chart: node bench/equal-cost/page.mjs [digits|dit-digits …]
import fs from 'node:fs';
import path from 'node:path';
import * as Plot from '@observablehq/plot';
import { chart } from '../../dist/src/evidence/report/charts/chart.js';
import { ROOT } from '../../scripts/demo/common.mjs';
import { COSTS } from './choice.mjs';
import { mean, pooled } from './decibels.mjs';

const TITLES = { digits: 'The digits U-Net', 'dit-digits': 'The digits transformer' };
const STYLE =
  'svg{background:#fff;color:#1f2328}@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}}';
/** Told apart in light and dark, and by shape where hue is not seen. */
const LOOKS = [
  [/^output, /, '#0969da', 'circle'],
  [/^output by/, '#54aeff', 'diamond'],
  [/^deepcache|^delta-cache/, '#cf222e', 'square'],
  [/^ditfastattn/, '#bc4c00', 'triangle'],
  [/^guidance-delta, /, '#8250df', 'star'],
  [/ and /, '#1a7f37', 'times'],
];
const SYMBOL = { 'order 0': 3, 'order 1': 5, 'order 2': 7 };

function table(rows, scale) {
  console.log(`Guidance ${scale}:\n`);
  console.log(`| | ${COSTS.map((cost) => `${cost} calls`).join(' | ')} | noises |`);
  console.log(`|---|${COSTS.map(() => '---').join('|')}|---|`);
  const best = COSTS.map((cost) => Math.max(...atCost(rows, cost).map(({ psnr }) => pooled(psnr))));
  for (const family of [...new Set(rows.map((row) => row.family))]) {
    const found = COSTS.map((cost) => atCost(rows, cost).find((one) => one.family === family));
    const cells = found.map((row, i) => (row ? cell(row, COSTS[i], best[i]) : ''));
    const [first] = found.filter(Boolean);
    if (first) console.log(`| ${family} | ${cells.join(' | ')} | ${first.psnr.length} |`);
  }
  console.log('');
}

const atCost = (rows, cost) => rows.filter(({ at }) => at?.includes(cost));
/** Pooled, and in brackets the mean of the pictures' decibels and, pooled, that to the loop's own pictures. */
function cell({ calls, psnr, own }, cost, best) {
  const found = pooled(psnr);
  const decibels = `${found.toFixed(1)} dB`;
  const less = calls < cost - 1 ? ` at ${calls.toFixed(0)}` : '';
  const toOwn = own.length > 0 ? `; own ${pooled(own).toFixed(1)}` : '';
  return `${found > best - 0.05 ? `**${decibels}**` : decibels}${less} (${mean(psnr).toFixed(1)}${toOwn})`;
}

function drawn(title, rows) {
  const points = rows.map(({ family, calls, psnr }) => {
    const [, color, symbol] = LOOKS.find(([like]) => like.test(family)) ?? [
      undefined,
      'currentColor',
    ];
    const r = SYMBOL[/order \d/.exec(family)?.[0]] ?? 5;
    return { family, calls, dB: pooled(psnr), color, symbol, r };
  });
  const line = points
    .filter(({ family }) => family === 'fewer steps')
    .sort((a, b) => a.calls - b.calls);
  const others = points.filter(({ family }) => family !== 'fewer steps');
  const families = [...new Map(others.map((point) => [point.family, point])).values()];
  const low = Math.floor(Math.min(...points.map(({ dB }) => dB)));
  const high = Math.ceil(Math.max(...points.map(({ dB }) => dB)));
  const [left, right] = [Math.min(...points.map(({ calls }) => calls)), 36];
  const legend = families.map((one, i) => ({
    ...one,
    x: right + 1,
    y: high - i * ((high - low) / 16),
  }));
  const drawing = chart(`${title}: distance to the converged picture against cost`, {
    width: 900,
    height: 480,
    marginRight: 260,
    marginTop: 44,
    marginLeft: 46,
    style: { fontSize: '12px' },
    x: { domain: [left - 1, right], label: 'cost, full calls', grid: true },
    y: { domain: [low, high], label: 'dB to the converged picture, guidance 2', grid: true },
    symbol: { type: 'identity' },
    color: { type: 'identity' },
    r: { type: 'identity' },
    marks: [
      Plot.line(line, { x: 'calls', y: 'dB', stroke: 'currentColor', strokeWidth: 2 }),
      Plot.dot(line, { x: 'calls', y: 'dB', fill: 'currentColor', r: 3 }),
      Plot.text(line.slice(-1), { x: 'calls', y: 'dB', text: () => 'fewer steps', dy: -10 }),
      ...[...others, ...legend.map(({ x, y, ...one }) => ({ ...one, calls: x, dB: y }))].map(
        (point) =>
          Plot.dot([point], {
            x: 'calls',
            y: 'dB',
            stroke: point.color,
            symbol: point.symbol,
            r: point.r,
            strokeWidth: 1.8,
            clip: false,
          }),
      ),
      Plot.text([title], {
        frameAnchor: 'top-left',
        dy: -28,
        dx: -30,
        text: (d) => d,
        fontWeight: 600,
        textAnchor: 'start',
      }),
      Plot.text(legend, { x: 'x', y: 'y', text: 'family', textAnchor: 'start', dx: 12 }),
    ],
  });
  const head = '<svg xmlns="http://www.w3.org/2000/svg" ';
  return `${drawing.text.replace('<svg ', head).replace('>', `><style>${STYLE}</style>`)}\n`;
}

for (const model of process.argv.slice(2).length > 0
  ? process.argv.slice(2)
  : Object.keys(TITLES)) {
  const file = path.join(ROOT, 'bench/results', `equal-cost-${model}.json`);
  const { measured } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const rows = Object.values(measured).filter(({ psnr }) => psnr.length > 0);
  const scales = [...new Set(rows.map(({ scale }) => scale))];
  console.log(`### ${TITLES[model]}\n`);
  for (const scale of scales)
    table(
      rows.filter((row) => row.scale === scale),
      scale,
    );
  const to = path.join(ROOT, 'docs/images', `equal-cost-${model}.svg`);
  fs.writeFileSync(
    to,
    drawn(
      TITLES[model],
      rows.filter(({ scale }) => scale === 2),
    ),
  );
}
