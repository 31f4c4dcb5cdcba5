// What bench/equal-cost.mjs measured, as tables in Markdown and as a chart: node bench/equal-cost/page.mjs [model …]
import fs from 'node:fs';
import path from 'node:path';
import * as Plot from '@observablehq/plot';
import { chart } from '../../dist/src/evidence/report/charts/chart.js';
import { ROOT } from '../../scripts/demo/common.mjs';
import { chosenOf, costsOf } from './choice.mjs';
import { pooled } from './decibels.mjs';
import { methodsOf } from './methods.mjs';
import { measuredOf, tableOf } from './table.mjs';

const TITLES = {
  digits: 'The digits U-Net',
  'dit-digits': 'The digits transformer',
  'flow-digits': 'The digits transformer of flow matching',
  fashion: 'The U-Net of clothes',
  'flow-fashion': 'The transformer of clothes',
};
const STYLE =
  'svg{background:#fff;color:#1f2328}@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}}';
/** Told apart in light and dark, and by shape where hue is not seen. */
const LOOKS = [
  [/^output, /, '#0969da', 'circle'],
  [/^output by/, '#54aeff', 'diamond'],
  [/^deepcache|^delta-cache/, '#cf222e', 'square'],
  [/^ditfastattn/, '#bc4c00', 'triangle'],
  [/^guidance-delta, /, '#8250df', 'star'],
  [/^guidance-delta and/, '#1a7f37', 'asterisk'],
  [/ and /, '#1a7f37', 'times'],
];
const SYMBOL = { 'order 0': 3, 'order 1': 5, 'order 2': 7 };

function drawn(title, rows, { columns, line: between }) {
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
  const left = Math.min(...points.map(({ calls }) => calls));
  const right = Math.max(...columns, ...between) + 3;
  const legend = families.map((one, i) => ({
    ...one,
    x: right + 1,
    y: high - i * ((high - low) / 16),
  }));
  const drawing = chart(`${title}: distance to the converged picture against cost`, {
    width: 900,
    height: 480,
    marginRight: Math.max(260, 45 + 6.5 * Math.max(...families.map(({ family }) => family.length))),
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

const fileOf = (model) => path.join(ROOT, 'bench/results', `equal-cost-${model}.json`);
const asked = process.argv.slice(2);
const existing = Object.keys(TITLES).filter((model) => fs.existsSync(fileOf(model)));
for (const model of asked.length > 0 ? asked : existing) {
  const { tried, measured } = JSON.parse(fs.readFileSync(fileOf(model), 'utf8'));
  const costs = costsOf(model);
  const chosen = chosenOf(methodsOf(model), tried, costs);
  const scales = [...new Set(Object.values(measured).map(({ scale }) => scale))];
  console.log(`### ${TITLES[model]}\n`);
  for (const scale of scales)
    console.log(
      [
        `Guidance ${scale}:`,
        '',
        ...tableOf(measuredOf(chosen, measured, scale), costs.columns),
        '',
      ].join('\n'),
    );
  const to = path.join(ROOT, 'docs/images', `equal-cost-${model}.svg`);
  fs.writeFileSync(to, drawn(TITLES[model], measuredOf(chosen, measured, 2), costs));
}
