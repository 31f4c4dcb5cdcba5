/** The Space as a host of static files shows it: below a path of its own, with the headers that its card asks for. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { serveFolder } from '../helpers/static-server.js';
import { launch, open, whyNoPage } from './browser.js';

const SPACE = path.resolve('samples/space');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-space-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const card = (file: string) =>
  parse(/^---\n([\s\S]*?)\n---\n/.exec(fs.readFileSync(file, 'utf8'))![1]!) as Record<
    string,
    unknown
  >;

const why = whyNoPage();

describe.skipIf(why)(`a Space${why ? ` (skipped: ${why})` : ''}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(SPACE, 'build.mjs'), folder],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    browser = await launch(false);
  });

  afterAll(() => browser?.close());

  test('has a card that a static Space needs', () => {
    expect(card(path.join(folder, 'README.md'))).toMatchObject({
      sdk: 'static',
      license: 'apache-2.0',
    });
    expect(
      fs.existsSync(path.join(folder, String(card(path.join(SPACE, 'card.md')).app_file))),
    ).toBe(true);
    const kept = fs.readFileSync(path.join(folder, '.gitattributes'), 'utf8');
    const large = fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter(({ parentPath, name }) => fs.statSync(path.join(parentPath, name)).size > 10e6);
    expect(large.length).toBeGreaterThan(0);
    for (const { name } of large) expect(kept).toContain(`*${path.extname(name)} filter=lfs`);
  });

  test.each([
    {
      headers: card(path.join(SPACE, 'card.md')).custom_headers as Record<string, string>,
      isolated: true,
    },
    { headers: {}, isolated: false },
  ])('draws, isolated: $isolated', async ({ headers, isolated }) => {
    const served = await serveFolder(folder, '/spaces/somebody/stepfold/', headers);
    try {
      const { page, complaints } = await open(browser, served.url);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
      await page.evaluate(() => {
        for (const type of ['done', 'stopped', 'failed'])
          document.addEventListener(`stepfold:${type}`, () => {
            document.documentElement.dataset.ended = type;
          });
      });
      await page.selectOption('[name=model]', 'digits-unet');
      await page.fill('[name=steps]', '6');
      await page.click('#start');
      await page.waitForSelector('html[data-ended]');
      expect(await page.getAttribute('html', 'data-ended')).toBe('done');
      expect(asked.length).toBeGreaterThan(0);
      expect(
        asked.filter((url) => !url.startsWith(served.url) && !url.startsWith('blob:')),
      ).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await served.close();
    }
  });
});
