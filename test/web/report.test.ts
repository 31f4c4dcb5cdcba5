/** Pages that show bundles and searches as a browser shows them: offline, without scripts, light and dark, on a phone, in print. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tuningPage } from '../../src/evidence/report/tuning-page.js';
import { encodePng } from '../../src/io/images.js';
import { done } from '../cli/stepfold.js';
import { TUNED } from '../evidence/report/tuned.js';
import { launch, whyNoBrowser } from './browser.js';

const UNET = path.resolve('samples/digits/digits-unet.onnx');

const why = whyNoBrowser();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-web-report-'));
const file = path.join(folder, 'report.html');
const tuned = path.join(folder, 'tuned.html');

/** A phone of the narrower kind. */
const PHONE = { viewport: { width: 390, height: 844 } };

describe.skipIf(why)(`in Chromium${why ? ` (skipped: ${why})` : ''}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(false);
    const bundle = path.join(folder, 'bundle');
    const pass = 'deepcache:branch=3,interval=5';
    await done(['transform', UNET, '--pass', pass, '--calls', '40', '-o', bundle]);
    const pictures = path.join(folder, 'pictures');
    fs.mkdirSync(pictures);
    for (const [i, which] of ['source', 'bundle'].entries())
      fs.writeFileSync(
        path.join(pictures, `a-${which}.png`),
        encodePng({ width: 16, height: 16, channels: 1, data: new Uint8Array(256).fill(9 * i) }),
      );
    const shown = ['--no-measure', '--images', pictures, '-o', file];
    await done(['report', bundle, '--against', UNET, ...shown]);
    const commands = () => [`stepfold transform model.onnx ${'--pass own:part=1 '.repeat(12)}`];
    fs.writeFileSync(
      tuned,
      tuningPage(TUNED, { model: 'unet.onnx', errorTo: 'converged', commands }),
    );
  });

  afterAll(async () => {
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const openReport = async (options: BrowserContextOptions, shown = file) => {
    const context = await browser.newContext({ offline: true, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(shown).href) complaints.push(request.url());
    });
    await page.goto(pathToFileURL(shown).href);
    return { page, complaints };
  };

  const opened = (page: Page) =>
    page.locator('details[open]:not(.part) > summary').allTextContents();
  const unfold = (page: Page, which = 'details') =>
    page.evaluate((selector) => {
      for (const one of document.querySelectorAll<HTMLDetailsElement>(selector)) one.open = true;
    }, which);

  test('a click on a block opens its nodes, without any script', async () => {
    const { page, complaints } = await openReport({ javaScriptEnabled: false });
    await page.locator('#blocks > details > summary').click();
    const shallow = page.locator('figure', { hasText: 'shallow: 32 of 40 calls' });
    await shallow.locator('a', { hasText: 'middle' }).click();
    await expect.poll(() => opened(page)).toEqual(['middle of shallow']);
    const drawing = page.locator('#blocks details details[open] svg');
    await expect.poll(() => drawing.isVisible()).toBe(true);
    // nothing is drawn where nobody sees it
    const box = (await drawing.boundingBox())!;
    for (const path of await drawing.locator('path').all()) {
      const line = (await path.boundingBox())!;
      expect(line.x).toBeGreaterThanOrEqual(box.x);
      expect(line.x + line.width).toBeLessThanOrEqual(box.x + box.width);
    }
    expect(complaints).toEqual([]);
  });

  test('blocks are reached by keyboard', async () => {
    const { page } = await openReport({});
    await page.locator('#blocks > details > summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('#blocks figure a').first().focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => opened(page)).toHaveLength(1);
  });

  test('pictures are enlarged and put back by keyboard, without any script of the page', async () => {
    const { page, complaints } = await openReport({});
    const held = page.locator('.held').nth(1);
    const before = (await held.locator('img').boundingBox())!;
    // large enough to be judged where it stands
    expect(before.width).toBeGreaterThan(250);
    const button = page.getByRole('button', { name: 'Enlarge: a, bundle' });
    await button.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => held.evaluate((one) => one.matches(':popover-open'))).toBe(true);
    const large = (await held.locator('img').boundingBox())!;
    expect(large.width).toBeGreaterThan(1.5 * before.width);
    const focused = () => page.evaluate(() => document.activeElement!.textContent);
    expect(await focused()).toBe('Close');
    await page.keyboard.press('Escape');
    await expect.poll(() => held.evaluate((one) => one.matches(':popover-open'))).toBe(false);
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    const { width, height } = (await held.locator('img').boundingBox())!;
    expect({ width, height }).toEqual({ width: before.width, height: before.height });
    expect(complaints).toEqual([]);
  });

  test.each([
    ['a report', file],
    ['a search', tuned],
  ])('%s is no wider than a phone, and what scrolls inside says so', async (_, shown) => {
    const { page } = await openReport(PHONE, shown);
    await unfold(page);
    const { wide, unlabelled, hidden } = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      const scrolls = [...document.querySelectorAll<HTMLElement>('.scroll')];
      const isHeld = (element: Element) => element.closest('.scroll, pre, svg, [popover]') !== null;
      return {
        wide: document.documentElement.scrollWidth - width,
        // whatever sticks out is in something that scrolls
        hidden: [...document.body.querySelectorAll('*')]
          .filter((one) => one.getBoundingClientRect().right > width + 1 && !isHeld(one))
          .map((one) => one.outerHTML.slice(0, 80)),
        unlabelled: scrolls.filter(
          (one) =>
            one.scrollWidth > one.clientWidth &&
            !(one.tabIndex === 0 && one.getAttribute('aria-label') && one.role === 'region'),
        ).length,
      };
    });
    expect({ wide, unlabelled, hidden }).toEqual({ wide: 0, unlabelled: 0, hidden: [] });
  });

  test('what is behind an edge fades towards it, and no more at the end', async () => {
    const { page } = await openReport(PHONE);
    const plan = page.locator('.scroll.plan');
    const fade = () => plan.evaluate((one) => getComputedStyle(one).getPropertyValue('--to'));
    expect(Number.parseFloat(await fade())).toBeGreaterThan(10);
    // names of rows stay while calls scroll
    const names = page.locator('.plan .names').first();
    const before = (await names.boundingBox())!.x;
    await plan.focus();
    await page.keyboard.press('End');
    await plan.evaluate((one) => {
      one.scrollLeft = one.scrollWidth;
    });
    await expect.poll(async () => Number.parseFloat(await fade())).toBe(0);
    expect((await names.boundingBox())!.x).toBe(before);
    // and what does not scroll fades nowhere
    await page.setViewportSize({ width: 1280, height: 900 });
    await expect.poll(async () => Number.parseFloat(await fade())).toBe(0);
  });

  test('in print everything that is folded is there but for the nodes of blocks', async () => {
    const { page } = await openReport({});
    const seen = () =>
      page.evaluate(() =>
        ['#programs table', '#figures table', '#blocks svg', '#blocks details details svg'].map(
          (one) => document.querySelector(one)!.checkVisibility({ contentVisibilityAuto: true }),
        ),
      );
    expect(await seen()).toEqual([false, false, false, false]);
    await page.emulateMedia({ media: 'print' });
    // the browser says what it skips from the next frame on
    await expect.poll(seen).toEqual([true, true, true, false]);
  });

  test('each page has one first heading, no level left out, and a name for each picture', async () => {
    for (const shown of [file, tuned]) {
      const { page } = await openReport({}, shown);
      const found = await page.evaluate(() => ({
        levels: [...document.querySelectorAll('h1, h2, h3, h4')].map((one) =>
          Number(one.tagName[1]),
        ),
        nameless: document.querySelectorAll(
          'img:not([alt]), img[alt=""], svg[role=img]:not([aria-label])',
        ).length,
        headless: [...document.querySelectorAll('table')].filter(
          (one) => !one.querySelector('th[scope=col]') || !one.querySelector('th[scope=row]'),
        ).length,
      }));
      expect(found).toMatchObject({ nameless: 0, headless: 0 });
      expect(found.levels.filter((level) => level === 1)).toHaveLength(1);
      found.levels.slice(1).forEach((level, i) => {
        expect(level - found.levels[i]!).toBeLessThanOrEqual(1);
      });
    }
  });

  test.each([
    ['light', file],
    ['dark', file],
    ['dark', tuned],
  ] as const)('words stand out from a %s page', async (colorScheme, shown) => {
    const { page } = await openReport({ colorScheme }, shown);
    await unfold(page);
    const contrasts = await page.evaluate(() => {
      // relative luminance and contrast: WCAG 2.2
      const luminance = (color: string) => {
        const [r = 0, g = 0, b = 0] = color.match(/[\d.]+/g)!.map((v) => {
          const part = Number(v) / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      /** What lies behind an element, all of it opaque. */
      const behind = (element: Element): string => {
        const { backgroundColor } = getComputedStyle(element);
        const isClear = backgroundColor === 'rgba(0, 0, 0, 0)';
        return isClear && element.parentElement ? behind(element.parentElement) : backgroundColor;
      };
      const ratio = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const words = [
        ...document.querySelectorAll(
          'p, td, th, h1, h2, h3, dt, dd, summary, figcaption, .keys i:not(:empty)',
        ),
      ].map((one) => ratio(luminance(getComputedStyle(one).color), luminance(behind(one))));
      // letters of the plan, on the cells that lie under them
      const cells = [...document.querySelectorAll('.plan [aria-label="bar"] rect')];
      const letters = [...document.querySelectorAll('.plan [aria-hidden="true"] text')].map(
        (one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          const under = cells.find((cell) => {
            const box = cell.getBoundingClientRect();
            const [cx, cy] = [x + width / 2, y + height / 2];
            return box.left < cx && cx < box.right && box.top < cy && cy < box.bottom;
          })!;
          return ratio(
            luminance(getComputedStyle(one).fill),
            luminance(getComputedStyle(under).fill),
          );
        },
      );
      return { words, letters };
    });
    expect(contrasts.words.length).toBeGreaterThan(50);
    expect(Math.min(...contrasts.words)).toBeGreaterThanOrEqual(4.5);
    if (shown === file) expect(contrasts.letters.length).toBeGreaterThan(10);
    expect(Math.min(4.5, ...contrasts.letters)).toBeGreaterThanOrEqual(4.5);
  });
});
