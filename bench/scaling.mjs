// How what the compiler does grows with the model, from 1,000 to 100,000 nodes: CPU time of each part on
// stacks of transformer blocks and on U-Nets, and the slope of its logarithm over that of the nodes.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './scaling/chart.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,3200,10000,32000,100000' },
    // what took so long is left out of larger sizes
    budget: { type: 'string', default: '60' },
  },
});
const sizes = options.sizes.split(',').map(Number);
const budget = Number(options.budget);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-scaling-'));
const phases = path.join(root, 'bench/scaling/phases.mjs');
/** From here on starting up is no longer most of it. */
const STEADY = 5000;

function measure(kind) {
  const rows = [];
  const leftOut = new Set();
  for (const nodes of sizes) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--max-old-space-size=12000', phases, kind, String(nodes), scratch, ...leftOut],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    if (status !== 0) throw new Error(stderr);
    const row = JSON.parse(stdout.trim().split('\n').at(-1));
    rows.push(row);
    for (const [name, time] of Object.entries(row.seconds))
      if (!(time <= budget)) leftOut.add(name);
    console.log(`${kind}, ${row.nodes} nodes, ${row.megabytes.toFixed(0)} MB`);
  }
  return rows;
}

/** Least squares on logarithms. */
function slopeOf(points) {
  const steady = points.filter(([nodes]) => nodes >= STEADY);
  if (steady.length < 2) return undefined;
  const logs = steady.map((point) => point.map(Math.log));
  const mean = (k) => logs.reduce((sum, log) => sum + log[k], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

try {
  const results = {};
  for (const kind of ['transformer', 'unet']) {
    const rows = measure(kind);
    const names = [...new Set(rows.flatMap((row) => Object.keys(row.seconds)))];
    const lines = names.map((name) => {
      const points = rows.flatMap(({ nodes, seconds }) =>
        seconds[name] > 0 ? [[nodes, seconds[name]]] : [],
      );
      return { name, points, slope: slopeOf(points) };
    });
    results[kind] = { rows, slopes: Object.fromEntries(lines.map((l) => [l.name, l.slope])) };
    for (const { name, points, slope } of lines)
      console.log(
        `${name.padEnd(34)}${points.map(([, s]) => s.toFixed(2).padStart(9)).join('')}   slope ${slope?.toFixed(2) ?? '-'}`,
      );
    const title = kind === 'unet' ? 'U-Nets' : 'Transformers';
    fs.writeFileSync(
      path.join(root, `docs/images/scaling-${kind}.svg`),
      chart(
        `${title}: CPU time over nodes`,
        lines.filter((l) => l.points.length > 1),
        {
          x: 'nodes',
          y: 'seconds',
        },
      ),
    );
  }
  const file = path.join(root, 'bench/results/scaling.json');
  fs.writeFileSync(file, `${JSON.stringify({ sizes: options.sizes, budget, results }, null, 2)}\n`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
