// A large model dropped on the web page in Chromium: time until it is inspected and until its zip is whole, and the
// most memory of the tab. Weights are random (`stepfold fill`). Needs Linux, Chromium (STEPFOLD_CHROMIUM, else Debian's
// place), the built page (npm run web:build), and twice the room of the weights under the system's temporary folder.
//   node bench/web-large.mjs [ddpm-lsun256 …] [--to blob|file]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  options: { to: { type: 'string', default: 'blob' } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : ['ddpm-lsun256'];

const server = await preview({
  configFile: path.join(root, 'samples/web/vite.config.ts'),
  logLevel: 'silent',
  preview: { port: 41_910, host: '127.0.0.1' },
});

/** Resident MiB of the tab's process, the largest of Chromium's renderers. */
function tabMemory(profile) {
  const renderers = fs.readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes('--type=renderer') && command.includes(profile);
    } catch {
      return false;
    }
  });
  const sizes = renderers.map((pid) => {
    try {
      return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    } catch {
      return 0;
    }
  });
  return Math.max(0, ...sizes) / 1024;
}

async function measure(name, folder) {
  const model = path.join(root, 'samples/architectures', `${name}.onnx`);
  const filled = path.join(folder, 'model');
  const { status } = spawnSync(
    process.execPath,
    [path.join(root, 'dist/src/cli/main.js'), 'fill', model, '-o', filled],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) process.exit(status ?? 1);
  const files = fs.readdirSync(filled).map((file) => path.join(filled, file));
  // as somebody's own profile: private windows keep Blobs in memory
  const profile = path.join(folder, 'profile');
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.STEPFOLD_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      `--crash-dumps-dir=${profile}`,
    ],
  });
  const page = await browser.newPage();
  // nobody is there to answer a file picker; what it gives is of the kind of a file of the page's own
  await page.addInitScript((toFile) => {
    window.showSaveFilePicker = toFile
      ? async ({ suggestedName }) =>
          (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })
      : undefined;
  }, values.to === 'file');
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForSelector('html[data-ready]');
  const until = async (act) => {
    const start = performance.now();
    await act();
    await page.waitForFunction(
      () =>
        /^(Choose passes|Compiled|\w+:)/.test(
          document.querySelector('#compile-status').textContent,
        ),
      undefined,
      { timeout: 1_200_000, polling: 50 },
    );
    const text = await page.textContent('#compile-status');
    if (/^\w+:/.test(text)) throw new Error(text);
    return (performance.now() - start) / 1000;
  };
  const inspected = await until(() => page.setInputFiles('#files', files));
  const compiled = await until(async () => {
    await page.click('#download');
    await page.waitForFunction(() =>
      /^Compiling|^Writing/.test(document.querySelector('#compile-status').textContent),
    );
  });
  const memory = tabMemory(profile);
  await browser.close();
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  console.log(
    `${name}: ${(bytes / 1e6).toFixed(0)} MB, inspected in ${inspected.toFixed(1)} s, zip to ${values.to} in ${compiled.toFixed(1)} s, ${memory.toFixed(0)} MiB at most`,
  );
}

for (const name of names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-web-large-'));
  try {
    await measure(name, folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
await server.close();
process.exit(0);
