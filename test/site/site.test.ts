/**
 * The built site in a browser, under a path that nothing was told of: every page is opened on a phone's width, and
 * every link of every page is followed to what it names.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveFolder } from '../helpers/static-server.js';
import { launch, whyNot } from '../web/browser.js';

const SITE = path.resolve('site/dist');
const PHONE = { width: 390, height: 844 };

const why = whyNot(path.join(SITE, 'index.html'), 'npm run site');

interface Visited {
  /** Where it lies below the site. */
  readonly place: string;
  readonly title: string;
  readonly anchors: readonly string[];
  /** Addresses as the browser resolves them. */
  readonly links: readonly string[];
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
  /** How many pixels are beyond the screen's right edge. */
  readonly beyond: number;
}

/** Read in the page. */
const reading = () => ({
  title: document.title,
  anchors: [...document.querySelectorAll('[id]')].map(({ id }) => id),
  links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
  beyond: document.documentElement.scrollWidth - window.innerWidth,
});

async function visit(page: Page, place: string, url: string): Promise<Visited> {
  const complaints: string[] = [];
  const requests: string[] = [];
  page.removeAllListeners();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(new URL(place, url).href, { waitUntil: 'load' });
  return { place, ...(await page.evaluate(reading)), complaints, requests };
}

/** Pages in turns, in so many tabs at a time. */
async function visitAll(context: BrowserContext, places: readonly string[], url: string) {
  const left = [...places];
  const visited: Visited[] = [];
  const tab = async () => {
    const page = await context.newPage();
    for (let place = left.shift(); place !== undefined; place = left.shift())
      visited.push(await visit(page, place, url));
    await page.close();
  };
  await Promise.all([tab(), tab(), tab()]);
  return visited;
}

const listPages = () =>
  fs
    .readdirSync(SITE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html'))
    .map((name) => name.split(path.sep).join('/'))
    .sort();

describe.skipIf(why)(`the site${why ? ` (skipped: ${why})` : ''}`, () => {
  let browser: Browser;
  let served: Awaited<ReturnType<typeof serveFolder>>;
  let visited: Visited[];

  beforeAll(async () => {
    [browser, served] = await Promise.all([launch(false), serveFolder(SITE, '/deep/below/')]);
    const context = await browser.newContext({ viewport: PHONE });
    visited = await visitAll(context, listPages(), served.url);
    await context.close();
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  const open = async (place: string, options = {}) => {
    const page = await browser.newPage(options);
    await page.goto(new URL(place, served.url).href);
    return page;
  };

  test('has every page of docs/', () => {
    const places = visited.map(({ place }) => place);
    for (const folder of ['docs', 'docs/decisions'])
      for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.md')))
        expect(places).toContain(
          path.posix.join(
            folder,
            name === 'README.md' ? 'index.html' : name.replace('.md', '.html'),
          ),
        );
    expect(visited.filter(({ title }) => !title.includes('Stepfold'))).toEqual([]);
  });

  test('no page complains, or asks anything of another host', () => {
    for (const { place, complaints, requests } of visited) {
      expect(complaints, place).toEqual([]);
      expect(
        requests.filter((url) => !url.startsWith(served.url)),
        place,
      ).toEqual([]);
    }
  });

  test('no page is wider than a phone', () => {
    expect(visited.filter(({ beyond }) => beyond > 0).map(({ place }) => place)).toEqual([]);
  });

  test('no link is dead, nor its anchor', () => {
    const anchors = new Map(visited.map(({ place, anchors }) => [place, new Set(anchors)]));
    const dead = visited.flatMap(({ place, links }) =>
      links
        .filter((link) => link.startsWith(served.origin))
        .filter((link) => {
          const { href, hash } = new URL(link);
          const target = decodeURI(href.slice(served.url.length).replace(/#.*/, ''));
          const known = anchors.get(target);
          if (!known) return !fs.statSync(path.join(SITE, target), { throwIfNoEntry: false });
          return hash.length > 1 && !known.has(decodeURIComponent(hash.slice(1)));
        })
        .map((link) => `${place}: ${link.slice(served.origin.length)}`),
    );
    expect([...new Set(dead)]).toEqual([]);
  });

  test('every name of the public surface is in the reference', () => {
    const reference = visited.filter(({ place }) => place.startsWith('reference/'));
    const known = new Set(
      // a second heading of one text has a number behind it
      reference.flatMap(({ anchors }) => anchors).map((anchor) => anchor.replace(/-\d+$/, '')),
    );
    const reports = fs.readdirSync('api').filter((name) => name.endsWith('.api.md'));
    const declared =
      /^export (?:(?:abstract|declare) )?(?:class|const|function|interface|type) (\w+)/gm;
    const names = reports.flatMap((name) =>
      [...fs.readFileSync(`api/${name}`, 'utf8').matchAll(declared)].map(([, name]) => name!),
    );
    expect(names.length).toBeGreaterThan(400);
    expect(names.filter((name) => !known.has(name.toLowerCase()))).toEqual([]);
  });

  test('the search finds a word in its section, and leads there', async () => {
    const page = await open('docs/decisions/index.html', { viewport: PHONE });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.click('#find');
    await page.fill('#search input', 'controlnet');
    const first = page.locator('#search .pagefind-ui__result-link').first();
    await first.getByText('ControlNet', { exact: true }).waitFor();
    await page.fill('#search input', 'GRAPH_BROKEN');
    const found = page.locator('#search a', { hasText: 'GRAPH_BROKEN' }).first();
    await found.click();
    await page.waitForURL(`${served.url}docs/errors.html#graph_broken`);
    expect(await page.locator('#graph_broken').boundingBox()).toMatchObject({
      width: expect.any(Number),
    });
    expect(asked.filter((url) => !url.startsWith(served.url))).toEqual([]);
    await page.close();
  });

  test('is light or dark as the system says, until told otherwise', async () => {
    const ground = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const context = await browser.newContext({ colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(served.url);
    const dark = await ground(page);
    await page.click('#theme');
    const light = await ground(page);
    expect([dark, light]).toEqual(['rgb(20, 22, 26)', 'rgb(255, 255, 255)']);
    await page.goto(`${served.url}docs/guide.html`);
    expect(await ground(page)).toBe(light);
    await context.close();
  });

  test('on a phone, the list of pages opens and leads on', async () => {
    const page = await open('index.html', { viewport: PHONE });
    const link = page.locator('#navigation a', { hasText: 'Guide' });
    expect(await link.isVisible()).toBe(false);
    await page.click('#menu');
    await link.click();
    await page.waitForURL(`${served.url}docs/guide.html`);
    expect(await page.locator('#navigation').isVisible()).toBe(false);
    await page.close();
  });
});
