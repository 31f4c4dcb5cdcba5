// The web page in Chromium: time in the engine for an image in full and with the schedule, in turns, call by
// call, for each model, schedule and number of threads; and what the page weighs. Needs Chromium
// (STEPFOLD_CHROMIUM, else Debian's place) and the built page (npm run web:build).
//   node bench/web.mjs [--images 5] [--webgpu]
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { chromium } from 'playwright-core';
import { preview } from 'vite';
import { median } from '../scripts/demo/common.mjs';

const root = path.resolve(import.meta.dirname, '..');
const web = path.join(root, 'samples/web');
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const images = Number(argument('images', 5));
const catalogue = JSON.parse(fs.readFileSync(path.join(web, 'catalogue.json'), 'utf8'));

const server = await preview({
  configFile: path.join(web, 'vite.config.ts'),
  logLevel: 'silent',
  preview: { port: 41_900, host: '127.0.0.1' },
});
const browser = await chromium.launch({
  executablePath: process.env.STEPFOLD_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', ...(process.argv.includes('--webgpu') ? ['--enable-unsafe-webgpu'] : [])],
});
const page = await browser.newPage();
/** Files that the page asked for, in order, since it was last emptied. */
let asked = [];
page.on('response', (response) => asked.push(new URL(response.url()).pathname));
await page.goto(server.resolvedUrls.local[0]);
await page.waitForSelector('html[data-ready]');

const weigh = (names) => {
  const files = [...new Set(names)].map((name) =>
    path.join(web, 'dist', name === '/' ? 'index.html' : name),
  );
  const bytes = files.map((file) => fs.readFileSync(file));
  return {
    files: files.length,
    bytes: bytes.reduce((sum, b) => sum + b.length, 0),
    gzip: bytes.reduce((sum, b) => sum + zlib.gzipSync(b).length, 0),
  };
};
const weight = { page: weigh(asked) };

const backends = await page.$$eval('[name=backend] option', (all) =>
  all.filter((option) => !option.disabled).map((option) => option.value),
);
const rows = [];
for (const { id, variants } of catalogue)
  for (const variant of variants)
    for (const backend of backends) {
      // what is loaded stays from drawing to drawing
      if (!weight[id]) {
        await page.reload();
        await page.waitForSelector('html[data-ready]');
      }
      await page.selectOption('[name=model]', id);
      await page.selectOption('[name=variant]', variant.id);
      await page.selectOption('[name=backend]', backend);
      asked = [];
      const times = [];
      // the first image warms up
      for (let image = 0; image <= images; image++) {
        await page.fill('[name=seed]', String(image));
        const done = page.evaluate(
          () =>
            new Promise((resolve, reject) => {
              document.addEventListener('stepfold:done', (e) => resolve(e.detail.milliseconds), {
                once: true,
              });
              document.addEventListener('stepfold:failed', (e) => reject(e.detail.message), {
                once: true,
              });
            }),
        );
        await page.click('#start');
        times.push(await done);
      }
      weight[id] ??= weigh(asked);
      const counted = times.slice(1);
      const source = median(counted.map((t) => t.source));
      const bundle = median(counted.map((t) => t.bundle));
      const schedule = JSON.parse(
        fs.readFileSync(path.join(web, 'dist/models', id, variant.id, 'schedule.json'), 'utf8'),
      );
      const macs = schedule.cost.macs.convention.all;
      const row = {
        model: id,
        variant: variant.id,
        backend,
        source,
        bundle,
        speedup: median(counted.map((t) => t.source / t.bundle)),
        macRatio: macs.source / macs.perCall,
      };
      rows.push(row);
      console.log(
        `${id.padEnd(12)} ${variant.id.padEnd(4)} ${backend.padEnd(7)} ${source.toFixed(0).padStart(6)} ms ${bundle.toFixed(0).padStart(6)} ms  ${row.speedup.toFixed(2)}x  (MACs ${row.macRatio.toFixed(2)}x)`,
      );
    }
const chromiumVersion = browser.version();
await browser.close();
await server.close();
for (const [what, { files, bytes, gzip }] of Object.entries(weight))
  console.log(
    `${what}: ${files} files, ${(bytes / 1e6).toFixed(2)} MB (gzip ${(gzip / 1e6).toFixed(2)} MB)`,
  );
fs.writeFileSync(
  path.join(root, 'bench/results/web.json'),
  `${JSON.stringify({ chromium: chromiumVersion, images, rows, weight }, null, 2)}\n`,
);
process.exit(0);
