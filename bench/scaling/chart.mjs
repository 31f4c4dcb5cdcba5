// Lines over nodes, both axes logarithmic, as SVG that needs nothing else; light or dark as the reader is.
const PLOT = { left: 64, top: 64, width: 520, height: 320 };
const COLORS = [
  '#0969da',
  '#cf222e',
  '#1a7f37',
  '#8250df',
  '#bc4c00',
  '#bf3989',
  '#57606a',
  '#9a6700',
  '#1b7c83',
  '#6639ba',
  '#4ac26b',
  '#ff8182',
  '#54aeff',
  '#d4a72c',
];
const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.paper{fill:#fff}' +
  '.grid{stroke:#8b949e;stroke-width:.5}.slope{stroke:#8b949e;stroke-dasharray:4 4;fill:none}' +
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}}';

/** @param lines `{ name, points: [x, y][] }`; a dashed line shows what linear would be */
export function chart(title, lines, { x, y }) {
  const all = lines.flatMap((line) => line.points);
  // from a power of ten to where the lines end
  const range = (values) => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.log10(1.1 * Math.max(...values)),
  ];
  const [x0, x1] = range(all.map(([a]) => a));
  const [y0, y1] = range(all.map(([, b]) => b));
  const px = (value) => PLOT.left + ((Math.log10(value) - x0) / (x1 - x0)) * PLOT.width;
  const py = (value) =>
    PLOT.top + PLOT.height - ((Math.log10(value) - y0) / (y1 - y0)) * PLOT.height;
  const powers = (from, to) =>
    Array.from({ length: Math.floor(to) - from + 1 }, (_, i) => from + i);
  const right = PLOT.left + PLOT.width;
  const bottom = PLOT.top + PLOT.height;
  const grid = [
    ...powers(x0, x1).map((p) => {
      const at = px(10 ** p);
      return `<path class="grid" d="M${at} ${PLOT.top}V${bottom}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${(10 ** p).toLocaleString('en')}</text>`;
    }),
    ...powers(y0, y1).map((p) => {
      const at = py(10 ** p);
      return `<path class="grid" d="M${PLOT.left} ${at}H${right}"/><text x="${PLOT.left - 8}" y="${at + 4}" text-anchor="end">${10 ** p}</text>`;
    }),
  ];
  const drawn = lines.map(({ name, points }, i) => {
    const color = COLORS[i % COLORS.length];
    const d = points.map(([a, b], k) => `${k ? 'L' : 'M'}${px(a).toFixed(1)} ${py(b).toFixed(1)}`);
    const legend = PLOT.top + 8 + i * 20;
    return `<path fill="none" stroke="${color}" stroke-width="2" d="${d.join('')}"/><path stroke="${color}" stroke-width="3" d="M${right + 20} ${legend}h18"/><text x="${right + 46}" y="${legend + 4}">${name}</text>`;
  });
  const span = Math.min(x1 - x0, y1 - y0);
  const linear = `<path class="slope" d="M${px(10 ** x0)} ${py(10 ** y0)}L${px(10 ** (x0 + span))} ${py(10 ** (y0 + span))}"/>`;
  const width = right + 300;
  const height = Math.max(bottom + 52, PLOT.top + 8 + lines.length * 20 + 8);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}"><style>${STYLE}</style><rect class="paper" width="${width}" height="${height}"/><text class="title" x="16" y="26">${title}</text>${grid.join('')}${linear}${drawn.join('')}<text x="${PLOT.left + PLOT.width / 2}" y="${bottom + 40}" text-anchor="middle">${x}</text><text x="16" y="${PLOT.top - 14}">${y}</text></svg>\n`;
}
