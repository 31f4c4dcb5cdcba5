/** What the web page does in a browser, held against onnxruntime-node and the command line. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passes } from '../../passes/index.js';
import { decodePng } from '../../src/io/images.js';
import { done, stepfold } from '../cli/stepfold.js';
import { writeLayout } from '../helpers/layouts.js';
import { launch, type Opened, open, type Served, serve, WEB, whyNoPage } from './browser.js';
import { type Choice, catalogue, inFewerSteps, onNode } from './loops.js';
import { digest, unzip } from './unzip.js';

const UNET = path.resolve('samples/digits/digits-unet.onnx');
const DIT = path.resolve('samples/dit-digits/dit-digits.onnx');
const TOLERANCE = 1e-4;
/** Behind the first call: what is shown is looked at now and then, and may have gone on. */
const UNDER_WAY = /call (?!1 )\d+ of/;

const why = whyNoPage();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-web-'));
const at = (...names: string[]) => path.join(folder, ...names);

interface Step {
  readonly which: 'source' | 'bundle' | 'fewer';
  readonly step: number;
  readonly latent: readonly number[];
  readonly stateLocations: readonly string[];
}

/** Chooses and starts; everything that the worker says is kept in the page. */
async function start(page: Page, choice: Choice, steps?: number): Promise<void> {
  await page.evaluate(() => {
    const heard: object[] = [];
    Object.assign(window, { heard });
    for (const type of ['step', 'done', 'stopped', 'failed'])
      document.addEventListener(`stepfold:${type}`, ({ detail }: CustomEventInit) => {
        heard.push({ ...detail, ...(detail.latent && { latent: [...detail.latent] }) });
      });
  });
  for (const [name, value] of Object.entries(choice))
    await page.selectOption(`[name=${name}]`, value);
  // another model brings its own number of steps
  if (steps !== undefined) await page.fill('[name=steps]', String(steps));
  await page.click('#start');
}

const heard = (page: Page) =>
  page.evaluate(() => (window as unknown as { heard: Step[] }).heard) as Promise<Step[]>;

/** The worker is done, or gave up. */
async function finished(page: Page): Promise<void> {
  const last = await page.waitForFunction(() =>
    (window as unknown as { heard: { type: string }[] }).heard.find(({ type }) => type !== 'step'),
  );
  expect(await last.evaluate((reply) => reply?.type)).toBe('done');
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

/** Every step that was heard is that of onnxruntime-node. */
function expectEqual(steps: readonly Step[], expected: Awaited<ReturnType<typeof onNode>>): void {
  for (const { which, step, latent } of steps)
    if (which !== 'fewer')
      expect(largest(latent, expected[which][step]!), `${which}, step ${step}`).toBeLessThan(
        TOLERANCE,
      );
}

const onDisk = (bundle: string) =>
  new Map(
    fs.readdirSync(bundle).map((name) => [name, digest(fs.readFileSync(path.join(bundle, name)))]),
  );

const said = (page: Page, id: string, words: RegExp) =>
  page.waitForFunction(
    ([selector, source]) =>
      new RegExp(source!).test(document.querySelector(selector!)!.textContent!),
    [id, words.source],
  );

async function download(page: Page, name: string, act: () => Promise<void>): Promise<string> {
  const [started] = await Promise.all([page.waitForEvent('download'), act()]);
  await started.saveAs(at(name));
  return at(name);
}

describe.skipIf(why)(`in Chromium${why ? ` (skipped: ${why})` : ''}`, () => {
  let browser: Browser;
  let served: Served;
  let opened: Opened;

  beforeAll(async () => {
    [browser, served] = await Promise.all([launch(false), serve()]);
    opened = await open(browser, served.url);
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test.each<Choice>([
    { model: 'digits-unet', variant: 'n5', backend: 'wasm-1' },
    { model: 'dit-digits', variant: 'd4', backend: 'wasm-1' },
    { model: 'flow-digits', variant: 'guidance-3', backend: 'wasm-1' },
  ])('$model draws what onnxruntime-node draws, step for step', async (choice) => {
    const { page, complaints } = opened;
    await start(page, choice);
    await finished(page);
    const all = await heard(page);
    const drawn = all.filter(({ latent }) => latent);
    const steps = drawn.filter(({ which }) => which !== 'fewer');
    const { steps: count } = catalogue.find(({ id }) => id === choice.model)!;
    expect(steps).toHaveLength(2 * count);
    expectEqual(steps, await onNode(folder, choice, 3, 7));
    // in turns, so that neither is timed while the other runs
    expect(steps.map(({ which }) => which)).toEqual(
      Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 'source' : 'bundle')),
    );
    // fewer steps that take as long, after both
    const fewer = drawn.slice(2 * count);
    expect(fewer.map(({ step }) => step)).toEqual([...fewer.keys()]);
    const last = fewer.at(-1)!;
    const expected = await inFewerSteps(choice, fewer.length, 3, 7);
    expect(largest(last.latent, expected)).toBeLessThan(TOLERANCE);
    expect(complaints).toEqual([]);
  });

  test.each<Choice>([
    { model: 'digits-unet', variant: 'n3-forecast', backend: 'wasm-1' },
    { model: 'dit-digits', variant: 'd4', backend: 'wasm-1' },
  ])('$model, $variant draws in other steps, and loads nothing again for it', async (choice) => {
    const { page, complaints } = opened;
    const { steps: made } = catalogue.find(({ id }) => id === choice.model)!;
    await start(page, choice);
    await said(page, '#bundle-time', UNDER_WAY);
    await page.click('#start');
    await said(page, '#watch-status', /^Stopped/);
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(request.url()));
    const columns = () => page.getAttribute('#plan svg', 'aria-label');
    expect(await columns()).toContain(`each of ${made} calls`);
    await page.fill('[name=steps]', '12');
    // at once, and before anything is drawn
    await said(page, '#plan-note', new RegExp(`made for ${made} steps, and serves 12`));
    expect(await columns()).toContain('each of 12 calls');
    await page.fill('[name=steps]', '');
    await page.fill('[name=steps]', '13');
    await said(page, '#plan-note', /serves 13/);
    await page.fill('[name=steps]', '12');
    await start(page, choice, 12);
    await finished(page);
    const steps = (await heard(page)).filter(({ latent, which }) => latent && which !== 'fewer');
    expect(steps).toHaveLength(2 * 12);
    expectEqual(steps, await onNode(folder, choice, 3, 7, 12));
    expect(fetched).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('threads are used where the page may share memory', async () => {
    const { page } = opened;
    expect(await page.textContent('#engine')).toContain(
      `wasm on up to ${Math.min(4, os.availableParallelism())} thread`,
    );
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  });

  test('without WebGPU it says so, and offers none', async () => {
    const { page } = opened;
    expect(await page.textContent('#engine')).toMatch(/no WebGPU \(.+\)/);
    expect(await page.isDisabled('option[value=webgpu]')).toBe(true);
  });

  test('no script runs but the page and its workers, and in those none is made of text', async () => {
    const { page, complaints } = opened;
    const before = complaints.length;
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const title = document.querySelector<HTMLElement>('h1')!;
      title.setAttribute('onclick', 'window.ran = true');
      title.click();
      title.removeAttribute('onclick');
      return 'ran' in window;
    });
    expect(ran).toBe(false);
    // the browser complains of what was tried here
    expect(complaints.splice(before).join()).toContain('Content Security Policy');
    // a worker takes the policy of its own response
    const policy = "script-src 'self' 'wasm-unsafe-eval'";
    for (const file of fs.readdirSync(path.join(WEB, 'dist/assets'))) {
      if (!file.startsWith('worker')) continue;
      const { headers } = await page.evaluate(async (url) => {
        const response = await fetch(url);
        return { headers: response.headers.get('content-security-policy') };
      }, `assets/${file}`);
      expect(headers, file).toContain(policy);
    }
    const html = fs.readFileSync(path.join(WEB, 'dist/index.html'), 'utf8');
    expect(html.replaceAll('&#39;', "'")).toContain(policy);
  });

  test('a dropped model comes back as the bundle that the command line writes', async () => {
    const { page, complaints } = opened;
    // the page has the same file on its own server
    const transfer = await page.evaluateHandle(async () => {
      const response = await fetch('models/digits-unet/source.onnx');
      const files = new DataTransfer();
      files.items.add(new File([await response.blob()], 'digits-unet.onnx'));
      return files;
    });
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
    await said(page, '#compile-status', /^Choose passes/);
    expect(await page.textContent('#inspection')).toContain('A U-Net with 9 skip branches');
    const zip = await download(page, 'unet.zip', () => page.click('#download'));
    const command = (await page.textContent('#command'))!.split(' ').slice(1, -1);
    expect(command.slice(0, 2)).toEqual(['transform', 'digits-unet.onnx']);
    await done([...command, at('unet')], { cwd: path.dirname(UNET) });
    expect(unzip(fs.readFileSync(zip))).toEqual(onDisk(at('unet')));
    expect(complaints).toEqual([]);
  });

  test('weights beside the model, of several files, and only those that are read', async () => {
    const { page } = opened;
    const source = writeLayout(at('layout'), fs.readFileSync(DIT), {
      file: (_, index) => (index % 2 === 0 ? undefined : `part-${index % 3}.bin`),
    });
    const parts = fs.readdirSync(at('layout')).map((name) => at('layout', name));
    await page.setInputFiles('#files', parts);
    await said(page, '#compile-status', /^Choose passes/);
    await page.selectOption('[name=weights]', 'prune');
    await page.selectOption('[name=emit]', 'stateful');
    const zip = await download(page, 'dit.zip', () => page.click('#download'));
    const command = (await page.textContent('#command'))!.split(' ').slice(1, -1);
    await done([...command, at('dit')], { cwd: path.dirname(source) });
    expect(unzip(fs.readFileSync(zip))).toEqual(onDisk(at('dit')));
  });

  test('can be used by keyboard alone', async () => {
    const { page, complaints } = await open(browser, served.url);
    // from the start, as Chromium takes a moment until it hands choosers over
    page.on('filechooser', (chooser) => chooser.setFiles(UNET));
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('name') ?? document.activeElement?.id,
      );
    const tabTo = async (name: string) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        if ((await focused()) === name) return;
      }
      throw new Error(`Tab never comes to ${name}`);
    };
    await tabTo('model');
    await page.keyboard.press('ArrowDown');
    await tabTo('start');
    await page.keyboard.press('Enter');
    await said(page, '#bundle-time', /call \d+ of 20/);
    await tabTo('pause');
    await page.keyboard.press('Space');
    /** The call at which both loops pause. */
    const pausedAt = async () => {
      const shown = () =>
        page.$$eval('#source-time, #bundle-time', (all) => all.map((o) => o.textContent).join());
      let last: string | undefined;
      let now = await shown();
      while (now !== last) {
        await page.waitForTimeout(1000);
        last = now;
        now = await shown();
      }
      const [source, bundle] = now.match(/(?<=call )\d+/g)!.map(Number);
      expect(source).toBe(bundle);
      return bundle!;
    };
    const before = await pausedAt();
    await tabTo('step');
    await page.keyboard.press('Enter');
    await said(page, '#bundle-time', new RegExp(`call ${before + 1} of`));
    expect(await pausedAt()).toBe(before + 1);
    // the column of the call that comes next is lit
    expect(await page.getAttribute('#plan .lit', 'data-call')).toBe(String(before + 1));

    await tabTo('files');
    await page.keyboard.press('Enter');
    await said(page, '#compile-status', /^Choose passes/);
    await tabTo('download');
    await download(page, 'keyboard.zip', () => page.keyboard.press('Enter'));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a drawing that fails says why, and the next one begins anew', async () => {
    const { page } = await open(browser, served.url);
    await page.route('**/n5/shallow.onnx', (route) => route.abort());
    await page.selectOption('[name=variant]', 'n5');
    await page.fill('[name=steps]', '6');
    await page.click('#start');
    await said(page, '#watch-status', /^FETCH_FAILED: .*shallow\.onnx/);
    await page.unroute('**/n5/shallow.onnx');
    await page.click('#start');
    await said(page, '#watch-status', /^Done on wasm/);
    await page.close();
  });

  test('says what is wrong with files', async () => {
    const { page, complaints } = opened;
    const choose = async (
      words: RegExp,
      ...files: { name: string; content: string | Buffer }[]
    ) => {
      await page.setInputFiles(
        '#files',
        files.map(({ name, content }) => ({ name, mimeType: '', buffer: Buffer.from(content) })),
      );
      await said(page, '#compile-status', words);
      expect(await page.isHidden('#compile-form')).toBe(true);
    };
    const unet = fs.readFileSync(UNET);
    await choose(/^ONNX_INVALID: .*HTML/, { name: 'page.onnx', content: '<!doctype html>' });
    await choose(/^ONNX_TRUNCATED/, { name: 'cut.onnx', content: unet.subarray(0, 2_000_000) });
    await choose(
      /^TAB_SEVERAL_MODELS/,
      { name: 'a.onnx', content: 'x' },
      { name: 'b.onnx', content: 'x' },
    );
    await choose(/^TAB_NO_MODEL/, { name: 'a.bin', content: 'x' }, { name: 'b.bin', content: 'x' });

    const lonely = writeLayout(at('lonely'), unet, { file: () => 'weights.bin' });
    await page.setInputFiles('#files', lonely);
    await said(page, '#compile-status', /^Choose passes/);
    await page.click('#download');
    await said(page, '#compile-status', /^EXTERNAL_DATA_MISSING: .*weights\.bin/);

    await page.setInputFiles('#files', DIT);
    await said(page, '#compile-status', /^Choose passes/);
    await page.uncheck('[value=ditfastattn]');
    await page.click('#download');
    await said(page, '#compile-status', /^Tick at least one/);
    await page.check('[value=ditfastattn]');
    await page.fill('[name="ditfastattn.interval"]', '0');
    await page.evaluate(
      () => (document.querySelector<HTMLFormElement>('#compile-form')!.noValidate = true),
    );
    await page.click('#download');
    await said(page, '#compile-status', /^PASS_OPTION: .*interval/);
    expect(complaints).toEqual([]);
  });

  test.each([
    [UNET, ['guidance-delta', 'loop-invariant']],
    [DIT, ['deepcache', 'depth-skip', 'guidance-delta', 'loop-invariant']],
  ])('%s: what is offered works, and of the rest it says why not', async (model, refused) => {
    const { page } = opened;
    await page.setInputFiles('#files', model);
    await said(page, '#inspection', new RegExp(path.basename(model)));
    const offered = await page.$$eval('[name=pass]', (all) =>
      all.map((one) => (one as HTMLInputElement).value),
    );
    const lines = await page.$$eval('#not-offered li', (all) => all.map((one) => one.textContent!));
    expect(lines.map((line) => line.split(' ')[0])).toEqual(refused);
    expect([...offered, ...refused].sort()).toEqual(Object.keys(passes).sort());
    const transform = (pass: string) =>
      stepfold([
        'transform',
        model,
        '--calls',
        '6',
        '--pass',
        pass,
        '-o',
        at(`fit-${pass}`),
        '--force',
      ]);
    // as the command line has it, with the options that the page fills in
    for (const name of offered) {
      for (const other of offered) await page.setChecked(`[value=${other}]`, other === name);
      const words = (await page.textContent('#command'))!.split(' ');
      const pass = words[words.indexOf('--pass') + 1]!;
      expect(await transform(pass), pass).toMatchObject({ status: 0 });
    }
    const options: Record<string, string> = {
      deepcache: ':branch=1,interval=2',
      'depth-skip': ':branch=1',
      'guidance-delta': ':interval=2',
    };
    for (const [i, name] of refused.entries()) {
      const { status, stderr } = await transform(`${name}${options[name] ?? ''}`);
      expect(status).toBe(2);
      expect(stderr).toContain(lines[i]!.slice(name.length).trim());
    }
  });

  test('names of files survive a shell, whatever they hold', async () => {
    const { page, complaints } = await open(browser, served.url);
    const name = `it's "my" $HOME model \\ & more.onnx`;
    const buffer = fs.readFileSync(UNET);
    await page.setInputFiles('#files', [{ name, mimeType: '', buffer }]);
    await said(page, '#compile-status', /^Choose passes/);
    const words = (command: string) =>
      execFileSync('bash', ['-c', command.replace(/^\w+/, "printf '%s\\n'")], { encoding: 'utf8' })
        .trimEnd()
        .split('\n');
    const command = (await page.textContent('#command'))!;
    expect(words(command).slice(0, 2)).toEqual(['transform', name]);
    await download(page, 'named.zip', () => page.click('#download'));
    await said(page, '#compile-status', /^Compiled/);
    const next = (await page.textContent('#next'))!.split('\n');
    expect(next.map((line) => words(line))).toEqual([
      [`${name.replace(/\.onnx$/, '')}-bundle.zip`, '-d', 'bundle'],
      ['verify', 'bundle', '--against', name],
      ['report', 'bundle', '--against', name, '-o', 'report.html'],
      ['run', 'bundle', '-o', 'images'],
    ]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('begins with a drawing of its first choice, which goes where another begins', async () => {
    const { page } = await open(browser, served.url);
    const choice = await page.$$eval('#watch-choices [name]', (all) =>
      Object.fromEntries(
        all.map((one) => [(one as HTMLInputElement).name, (one as HTMLInputElement).value]),
      ),
    );
    const first = JSON.parse(fs.readFileSync(path.join(WEB, 'src/watch/first/first.json'), 'utf8'));
    expect(choice).toMatchObject({
      ...{ model: first.model, variant: first.variant },
      ...{ steps: String(first.steps), digit: String(first.digit), seed: String(first.seed) },
    });
    const levels = (id: string) =>
      page.$eval(`#${id}`, (canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement)
          .getContext('2d')!
          .getImageData(0, 0, width, height);
        return Array.from({ length: width * height }, (_, i) => data[4 * i]!);
      });
    for (const which of ['source', 'bundle', 'fewer']) {
      const file = path.join(WEB, 'src/watch/first', `${which}.png`);
      expect(await levels(which)).toEqual([...decodePng(fs.readFileSync(file), file).data]);
    }
    await page.click('#start');
    expect(new Set(await levels('fewer'))).toEqual(new Set([0]));
    await page.click('#start');
    await page.close();
  });

  test.each(['light', 'dark'] as const)('fits a phone, and words stand out: %s', async (scheme) => {
    const { page } = await open(browser, served.url);
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.setInputFiles('#files', UNET);
    await said(page, '#compile-status', /^Choose passes/);
    const { wide, contrasts, broken } = await page.evaluate(async () => {
      for (const one of document.querySelectorAll('details')) one.open = true;
      const luminance = (color: string) => {
        const [r = 0, g = 0, b = 0] = color.match(/[\d.]+/g)!.map((v) => {
          const part = Number(v) / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element: Element): string => {
        const { backgroundColor } = getComputedStyle(element);
        const isClear = backgroundColor === 'rgba(0, 0, 0, 0)';
        return isClear && element.parentElement ? behind(element.parentElement) : backgroundColor;
      };
      const words = document.querySelectorAll(
        'p, td, th, h1, h2, h3, h4, li, label, legend, summary, figcaption, a, pre, button:enabled',
      );
      const links = [...document.querySelectorAll<HTMLAnchorElement>('a[href^="site/"]')];
      const answers = await Promise.all(
        links.map(async ({ href }) => [href, (await fetch(href)).status]),
      );
      return {
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        broken: answers.filter(([, status]) => status !== 200),
        contrasts: [...words].map((one) => {
          const [a, b] = [luminance(getComputedStyle(one).color), luminance(behind(one))];
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }),
      };
    });
    expect({ wide, broken }).toEqual({ wide: 0, broken: [] });
    expect(contrasts.length).toBeGreaterThan(60);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    await page.close();
  });

  test('says when a bundle is too large for the tab', async () => {
    const { page } = await open(browser, served.url);
    await page.evaluate(() => {
      navigator.storage.estimate = async () => ({ quota: 3_000_000, usage: 1_000_000 });
    });
    await page.setInputFiles('#files', UNET);
    await said(page, '#compile-status', /^Choose passes/);
    await page.click('#download');
    await said(page, '#compile-status', /^TAB_TOO_SMALL: The bundle has 4 MiB.*keep 2 MiB/);
    await page.close();
  });

  test('writes straight to a file where the browser can', async () => {
    const { page, complaints } = await open(browser, served.url);
    // what a file picker gives is of the same kind, but nobody is there to answer it
    await page.evaluate(() => {
      const pick = async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
      Object.assign(window, { showSaveFilePicker: pick });
    });
    await page.setInputFiles('#files', UNET);
    await said(page, '#compile-status', /^Choose passes/);
    await page.click('#download');
    await said(page, '#compile-status', /^Compiled and written/);
    const written = await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const file = await (await root.getFileHandle('digits-unet-bundle.zip')).getFile();
      return new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result));
        reader.readAsDataURL(file);
      });
    });
    const zip = Buffer.from(written.slice(written.indexOf(',')), 'base64');
    const command = (await page.textContent('#command'))!.split(' ').slice(1, -1);
    await done([...command, at('straight')], { cwd: path.dirname(UNET) });
    expect(unzip(zip)).toEqual(onDisk(at('straight')));
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('says when the browser cannot keep the zip, and when a file changed', async () => {
    const { page, complaints } = await open(browser, served.url);
    const source = at('changing.onnx');
    fs.copyFileSync(UNET, source);
    await page.setInputFiles('#files', source);
    await said(page, '#compile-status', /^Choose passes/);
    // what Chromium answers in a private window, where Blobs may not go to the disk, from 2 GiB on
    await page.workers()[0]!.evaluate(() => {
      Response.prototype.blob = () => Promise.reject(new TypeError('Failed to fetch'));
    });
    await page.click('#download');
    await said(page, '#compile-status', /^TAB_TOO_SMALL: .*keep the 4 MiB.*Failed to fetch/);

    await page.setInputFiles('#files', []);
    await page.setInputFiles('#files', source);
    await said(page, '#compile-status', /^Choose passes/);
    fs.appendFileSync(source, 'more');
    await page.click('#download');
    await said(page, '#compile-status', /^FILE_CHANGED: "changing.onnx"/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('runs on one thread where memory cannot be shared, and says why', async () => {
    const bare = await serve(false);
    try {
      const { page, complaints } = await open(browser, bare.url);
      expect(await page.textContent('#engine')).toMatch(/one thread, since .*SharedArrayBuffer/);
      const backends = await page.$$eval('[name=backend] option', (all) =>
        all.map((o) => o.getAttribute('value')),
      );
      expect(backends).toEqual(['wasm-1', 'webgpu']);
      const choice = { model: 'dit-digits', variant: 'd4', backend: 'wasm-1' };
      await start(page, choice, 8);
      await finished(page);
      expectEqual(
        (await heard(page)).filter(({ latent }) => latent),
        await onNode(folder, choice, 3, 7, 8),
      );
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await bare.close();
    }
  });

  test('on WebGPU, states stay on the device and the steps are the same', async () => {
    const withGpu = await launch(true);
    try {
      const { page, complaints } = await open(withGpu, served.url);
      expect(await page.textContent('#engine')).toMatch(/; WebGPU\.$/);
      const choice = { model: 'digits-unet', variant: 'n5', backend: 'webgpu' };
      await start(page, choice);
      await said(page, '#bundle-time', UNDER_WAY);
      await page.click('#start');
      await said(page, '#watch-status', /^Stopped/);
      const last = (await heard(page)).at(-1) as unknown as { type: string; statesLeft: number };
      // reset() frees what lay on the device
      expect(last).toMatchObject({ type: 'stopped', statesLeft: 0 });
      const steps = (await heard(page)).filter(({ latent }) => latent);
      expectEqual(steps, await onNode(folder, choice, 3, 7));
      expect(steps.findLast(({ which }) => which === 'bundle')!.stateLocations).toEqual([
        'gpu-buffer',
      ]);
      expect(complaints).toEqual([]);
    } finally {
      await withGpu.close();
    }
  });
});
