/**
 * A real Chromium for pages. `npm test` alone needs none: without one, or without the built page, the tests
 * are skipped and say so; STEPFOLD_BROWSER=required makes that a failure.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';

export const WEB = path.resolve('samples/web');

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executable =
  process.env.STEPFOLD_CHROMIUM ?? PLACES.find((place) => fs.existsSync(place)) ?? undefined;

/** Why tests in a browser cannot run here; undefined where they can. */
export function whyNoBrowser(): string | undefined {
  return orFail(
    executable
      ? undefined
      : 'there is no Chromium (apt-get install chromium, or STEPFOLD_CHROMIUM=path)',
  );
}

/** Why tests of the page cannot run here; undefined where they can. */
export const whyNoPage = () => whyNot(path.join(WEB, 'dist/index.html'), 'npm run web:build');

/** Why tests of what a command builds cannot run in a browser here; undefined where they can. */
export function whyNot(built: string, command: string): string | undefined {
  const missing = `${path.relative('.', built)} is not built (${command})`;
  return whyNoBrowser() ?? orFail(fs.existsSync(built) ? undefined : missing);
}

function orFail(why: string | undefined): string | undefined {
  if (why && process.env.STEPFOLD_BROWSER === 'required') throw new Error(`in a browser: ${why}`);
  if (why) console.warn(`Tests in a browser are skipped: ${why}`);
  return why;
}

/** Software in place of a GPU, so that WebGPU runs on any machine: slowly, and by the same code. */
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

export const launch = (gpu: boolean): Promise<Browser> =>
  chromium.launch({
    executablePath: executable!,
    // by its locale Chromium reads the names of files, which a user's folders may have any letters in
    env: { ...(process.env as Record<string, string>), LC_ALL: 'C.UTF-8' },
    // CI runs as root, where Chromium's sandbox does not start
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...(gpu ? SOFTWARE_GPU : ['--disable-gpu'])],
  });

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** @param isolated with the headers that allow SharedArrayBuffer */
export async function serve(isolated = true): Promise<Served> {
  process.env.STEPFOLD_WEB_ISOLATION = isolated ? 'on' : 'off';
  const server = await preview({
    configFile: path.join(WEB, 'vite.config.ts'),
    logLevel: 'silent',
    preview: { port: isolated ? 41_870 : 41_890, host: '127.0.0.1' },
  });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}

export interface Opened {
  readonly page: Page;
  /** Whatever the console or the page itself complained of. */
  readonly complaints: string[];
}

export async function open(browser: Browser, url: string): Promise<Opened> {
  const page = await browser.newPage();
  // a slow machine draws slowly; the test's own limit ends what hangs
  page.setDefaultTimeout(100_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Chromium's own remark when a page asks for WebGPU and there is no GPU, which it may ask
    if (message.text() === 'No available adapters.') return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  // a dialog that nobody can answer; the page then downloads as in browsers that have none
  await page.addInitScript('window.showSaveFilePicker = undefined');
  await page.goto(url);
  await page.waitForSelector('html[data-ready]');
  return { page, complaints };
}
