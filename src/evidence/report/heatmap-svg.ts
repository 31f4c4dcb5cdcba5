/**
 * A plan as a picture: SVG that needs nothing else, with a row per site, a column per call and a
 * colour per strategy. It has its own background, light or dark as the reader prefers.
 */
import * as Plot from '@observablehq/plot';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import { chart } from './charts/chart.js';
import { callAxis, planLayout, planMarks } from './charts/plan-marks.js';
import { percent, planTitle, roundStep, type ShownPlan, shownStrategies } from './strategies.js';

const LINE = 18;
const TITLE = 56;

const STYLE = [
  'svg{background:#fff;color:#1f2328}',
  '@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}}',
].join('');

/** The SVG document. */
export function heatmapSvg(plan: ShownPlan, known: KnownStrategies): string {
  const strategies = shownStrategies(plan, known);
  const layout = planLayout(plan);
  const title = planTitle(plan);
  const ids = Object.keys(plan.sites);
  const everySite = roundStep(11 / layout.cell.height);
  const legend = strategies.map(({ name, letter, count, share, color, ink }, i) => ({
    letter,
    ink,
    text: `${name}: ${count} (${percent(share)})`,
    color,
    y: layout.height + TITLE + LINE * (i + 2.5),
  }));
  const words = [title, ...legend.map(({ text }) => `   ${text}`)];
  const width = Math.max(
    layout.left + layout.width + 16,
    ...words.map((text) => text.length * 8 + 32),
  );
  const height = layout.height + TITLE + LINE * (strategies.length + 3);
  /** Marks that stand where pixels say, beside the scales of the plan. */
  const fixed = { frameAnchor: 'top-left', textAnchor: 'start' } as const;
  const picture = chart(`Heat map of a plan. ${title}`, {
    width,
    height,
    marginLeft: layout.left,
    marginRight: width - layout.left - layout.width,
    marginTop: TITLE,
    marginBottom: height - TITLE - layout.height,
    x: { domain: [0, plan.calls], axis: null },
    y: { domain: ids, padding: 0, axis: null },
    style: { fontSize: '12px', fontFamily: 'system-ui, sans-serif' },
    marks: [
      callAxis(plan.calls, layout),
      Plot.axisY(
        ids.filter((_, i) => i % everySite === 0),
        { label: null, tickSize: 0 },
      ),
      ...planMarks(plan, layout, known),
      Plot.text([title], {
        ...fixed,
        text: (d: string) => d,
        dx: 16 - layout.left,
        dy: -TITLE + 16,
        fontWeight: 'bold',
        fontSize: 15,
      }),
      Plot.text(['call, 0 is the noisiest'], {
        ...fixed,
        text: (d: string) => d,
        dy: layout.height + LINE,
      }),
      ...legend.flatMap(({ text, letter, color, ink, y }) => {
        const at = { ...fixed, dx: 16 - layout.left, dy: y - TITLE };
        return [
          Plot.dot([text], {
            ...at,
            symbol: 'square',
            r: 7,
            fill: color,
            stroke: '#8b949e',
            dx: at.dx + 7,
            dy: at.dy - 4,
          }),
          Plot.text([letter], {
            ...at,
            text: (d: string) => d,
            textAnchor: 'middle',
            lineAnchor: 'middle',
            fill: ink,
            fontSize: 11,
            dx: at.dx + 7,
            dy: at.dy - 4,
          }),
          Plot.text([text], { ...at, text: (d: string) => d, dx: at.dx + 22, dy: at.dy - 10 }),
        ];
      }),
    ],
  });
  return picture.text
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('<style>', `<style>${STYLE}`)
    .concat('\n');
}
