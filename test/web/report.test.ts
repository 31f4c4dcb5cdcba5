/** A report as a browser shows it: offline, without scripts, light and dark. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done } from '../cli/stepfold.js';
import { launch, whyNoBrowser } from './browser.js';

const UNET = path.resolve('samples/digits/digits-unet.onnx');

const why = whyNoBrowser();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-web-report-'));
const file = path.join(folder, 'report.html');

describe.skipIf(why)(`in Chromium${why ? ` (skipped: ${why})` : ''}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(false);
    const bundle = path.join(folder, 'bundle');
    const pass = 'deepcache:branch=3,interval=5';
    await done(['transform', UNET, '--pass', pass, '--calls', '10', '-o', bundle]);
    await done(['report', bundle, '--against', UNET, '--no-measure', '-o', file]);
  });

  afterAll(async () => {
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const openReport = async (options: BrowserContextOptions) => {
    const context = await browser.newContext({ offline: true, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) complaints.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    return { page, complaints };
  };

  const opened = (page: Page) => page.locator('details[open] > summary').allTextContents();

  test('a click on a block opens its nodes, without any script', async () => {
    const { page, complaints } = await openReport({ javaScriptEnabled: false });
    const shallow = page.locator('figure', { hasText: 'shallow: 8 of 10 calls' });
    await shallow.locator('a', { hasText: 'middle' }).click();
    await expect.poll(() => opened(page)).toEqual(['middle of shallow']);
    await expect.poll(() => page.locator('details[open] svg').isVisible()).toBe(true);
    // nothing is drawn where nobody sees it
    const box = (await page.locator('details[open] svg').boundingBox())!;
    for (const path of await page.locator('details[open] svg path').all()) {
      const line = (await path.boundingBox())!;
      expect(line.x).toBeGreaterThanOrEqual(box.x);
      expect(line.x + line.width).toBeLessThanOrEqual(box.x + box.width);
    }
    expect(complaints).toEqual([]);
  });

  test('blocks are reached by keyboard', async () => {
    const { page } = await openReport({});
    await page.locator('#blocks figure a').first().focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => opened(page)).toHaveLength(1);
  });

  test.each(['light', 'dark'] as const)('words stand out from a %s page', async (colorScheme) => {
    const { page } = await openReport({ colorScheme });
    const contrasts = await page.evaluate(() => {
      // relative luminance and contrast: WCAG 2.2
      const luminance = (color: string) => {
        const [r = 0, g = 0, b = 0] = color.match(/[\d.]+/g)!.map((v) => {
          const part = Number(v) / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const page = luminance(getComputedStyle(document.body).backgroundColor);
      return [
        ...document.querySelectorAll('p, td, th, h1, h2, h3, summary, figcaption, nav a'),
      ].map((element) => {
        const ink = luminance(getComputedStyle(element).color);
        return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
      });
    });
    expect(contrasts.length).toBeGreaterThan(50);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
  });
});
