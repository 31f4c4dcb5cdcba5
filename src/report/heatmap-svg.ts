/**
 * A plan as a picture: SVG that needs nothing else, with a row per site, a column per call and a
 * colour per strategy. It has its own background, light or dark as the reader prefers. A strategy's
 * cells are one path, so that a thousand calls of thirty sites stay well under a megabyte.
 */
import { percent, planTitle, roundStep, type ShownPlan, shownStrategies } from './strategies.js';

/** Pixels. */
const PAD = 16;
const FONT = 12;
/** Room that a character takes; wide enough for the sans-serif fonts of all systems. */
const CHARACTER = 7;
const LINE = 18;
const MOST_CELL = 18;
const PLOT = { width: 760, height: 640 };

const STYLE = [
  `text{font:${FONT}px system-ui,sans-serif;fill:#1f2328}`,
  '.title{font-size:15px;font-weight:600}',
  '.paper{fill:#fff}.grid{fill:#8b949e}',
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{fill:#6e7681}}',
].join('');

/** The SVG document. */
export function heatmapSvg(plan: ShownPlan): string {
  const strategies = shownStrategies(plan);
  const sites = Object.entries(plan.sites);
  const title = planTitle(plan);
  const cell = {
    width: Math.max(1, Math.min(MOST_CELL, Math.floor(PLOT.width / plan.calls))),
    height: Math.max(2, Math.min(MOST_CELL, Math.floor(PLOT.height / Math.max(1, sites.length)))),
  };
  const gap = Math.min(cell.width, cell.height) >= 5 ? 1 : 0;
  const left = PAD + CHARACTER * Math.max(0, ...sites.map(([id]) => id.length)) + 8;
  const top = PAD + 24 + LINE;
  const size = { width: cell.width * plan.calls + gap, height: cell.height * sites.length + gap };
  const legendTop = top + size.height + 2 * LINE + 4;
  const legendWidth =
    CHARACTER * (24 + Math.max(0, ...strategies.map((s) => s.name.length))) + 2 * PAD;
  const width = Math.max(left + size.width + PAD, legendWidth, PAD * 2 + title.length * 9);
  const height = legendTop + strategies.length * LINE + PAD;

  const cells = strategies.map(({ name, color }) => {
    const [w, h] = [cell.width - gap, cell.height - gap];
    const path = sites.flatMap(([, column], s) =>
      column.flatMap((strategy, call) =>
        strategy === name
          ? [`M${left + gap + call * cell.width} ${top + gap + s * cell.height}h${w}v${h}h-${w}z`]
          : [],
      ),
    );
    return `<path fill="${color}" d="${path.join('')}"/>`;
  });
  const everyCall = roundStep(28 / cell.width);
  const calls = every(everyCall, plan.calls).map((call) => {
    const x = left + (call + 0.5) * cell.width + gap / 2;
    return text(x, top - 6, String(call), 'middle');
  });
  const ids = every(roundStep(11 / cell.height), sites.length).map((s) =>
    text(left - 8, top + (s + 0.5) * cell.height + FONT / 3, sites[s]![0], 'end'),
  );
  const legend = strategies.flatMap(({ name, color, count, share }, i) => {
    const y = legendTop + i * LINE;
    return [
      `<rect class="grid" x="${PAD}" y="${y}" width="14" height="14"/>`,
      `<rect fill="${color}" x="${PAD + 1}" y="${y + 1}" width="12" height="12"/>`,
      text(PAD + 22, y + 11, `${name}: ${count} (${percent(share)})`),
    ];
  });

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(`Heat map of a plan. ${title}`)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${PAD}" y="${PAD + 12}">${escapeXml(title)}</text>`,
    ...calls,
    ...ids,
    `<rect class="grid" x="${left}" y="${top}" width="${size.width}" height="${size.height}"/>`,
    ...cells,
    text(left, top + size.height + LINE, 'call, 0 is the noisiest'),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

/** Multiples of a step below a limit. */
const every = (step: number, limit: number): number[] =>
  Array.from({ length: Math.ceil(limit / step) }, (_, i) => i * step);

const text = (x: number, y: number, content: string, anchor = 'start'): string =>
  `<text x="${x}" y="${y}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escapeXml(content)}</text>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escapeXml = (content: string): string => content.replaceAll(/[&<>"]/g, (c) => ENTITIES[c]!);
