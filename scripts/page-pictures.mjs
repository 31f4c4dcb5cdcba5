// Makes the pictures of pages that README and docs show: a report of the digits U-Net, and the web page drawing and
// compiling. Needs a build, the built web page (npm run web:build) and a Chromium; minutes, and best an idle machine, as
// the pages say how long things took: node scripts/page-pictures.mjs [report] [web]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const images = path.join(root, 'docs/images');
const unet = path.join(root, 'samples/digits/digits-unet.onnx');
const parts = process.argv.slice(2);
const wanted = (part) => parts.length === 0 || parts.includes(part);

const browser = await chromium.launch({
  executablePath: process.env.STEPFOLD_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
const open = async (url, width) => {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.goto(url);
  return page;
};
const save = (locator, name) => locator.screenshot({ path: path.join(images, name) });

/** From the top of the page to the end of a part of it. */
const saveTop = async (page, last, name) => {
  const { y, height } = await page.locator(last).boundingBox();
  const { width } = page.viewportSize();
  const clip = { x: 0, y: 0, width, height: y + height + 16 };
  await page.screenshot({ path: path.join(images, name), fullPage: true, clip });
};

if (wanted('report')) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-pictures-'));
  const stepfold = (...args) =>
    execFileSync(process.execPath, [path.join(root, 'dist/lib/cli.js'), ...args], { cwd: folder });
  const pass = ['--pass', 'deepcache:branch=3,interval=5'];
  stepfold('transform', unet, ...pass, '--calls', '50', '-o', 'digits');
  const loop = ['--clip', '1', '--feed', 'class_labels=3', '--seed', '7'];
  stepfold('report', 'digits', '--against', unet, ...loop, '-o', 'report.html');
  const page = await open(pathToFileURL(path.join(folder, 'report.html')).href, 1000);
  await saveTop(page, '#plan figure', 'report-unet.png');
  await page.locator('#choices summary').click();
  await save(page.locator('#choices'), 'report-branches.png');
  fs.rmSync(folder, { recursive: true, force: true });
}

if (wanted('web')) {
  const server = await preview({
    configFile: path.join(root, 'samples/web/vite.config.ts'),
    logLevel: 'silent',
    preview: { port: 41_910, host: '127.0.0.1' },
  });
  const page = await open(server.resolvedUrls.local[0], 1000);
  await page.waitForSelector('html[data-ready]');
  const said = (id, words) =>
    page.waitForFunction(
      ([selector, source]) => new RegExp(source).test(document.querySelector(selector).textContent),
      [id, words],
      { timeout: 120_000 },
    );
  await page.selectOption('[name=model]', 'dit-digits');
  await page.click('#start');
  await said('#watch-status', '^Done');
  await save(page.locator('#watch'), 'web-watch.png');
  await page.setInputFiles('#files', unet);
  await said('#compile-status', '^Choose passes');
  await save(page.locator('#compile'), 'web-compile.png');
  await server.close();
}
await browser.close();
