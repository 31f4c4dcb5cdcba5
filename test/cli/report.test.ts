/** Pages that show bundles and differences: what they say is what the schedule says, and nothing is fetched. */
import fs from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatMacs } from '../../src/evidence/report/format.js';
import { encodePng } from '../../src/io/images.js';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('report');
const at = (...names: string[]) => path.join(folder, ...names);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });

const page = (name: string) => fs.readFileSync(at(name), 'utf8');

/** The page as a browser would see it, which must not need anything else. */
function open(name: string) {
  const text = page(name);
  expect(/<script|<link|@import|url\((?!#)/.exec(text)?.[0]).toBeUndefined();
  const { document } = parseHTML(text);
  for (const element of document.querySelectorAll('[src], [href]')) {
    const target = element.getAttribute('src') ?? element.getAttribute('href')!;
    expect(target).toMatch(/^(#|data:image\/png;base64,)/);
    if (target.startsWith('#')) expect(document.querySelector(target), target).not.toBeNull();
  }
  return document;
}

let schedule: Schedule;

beforeAll(async () => {
  requireBuild();
  await done(['transform', DIGITS, ...UNET, '--calls', '6', '-o', 'bundle'], { cwd: folder });
  schedule = JSON.parse(fs.readFileSync(at('bundle/schedule.json'), 'utf8'));
});

describe.concurrent('report', () => {
  test('shows a bundle with what was measured on its source', async () => {
    const how = ['--clip', '1', '--rounds', '1'];
    await done(['report', 'bundle', '--against', DIGITS, '-o', 'full.html', ...how], {
      cwd: folder,
    });
    const document = open('full.html');
    expect([...document.querySelectorAll('section')].map(({ id }) => id)).toEqual([
      'summary',
      'plan',
      'blocks',
      'error',
      'fewer-steps',
      'choices',
    ]);
    // every sampler of the path beside the bundle, and the loop itself
    const rivals = [...document.querySelectorAll('#fewer-steps tr')].map((row) => row.textContent);
    expect(rivals.filter((row) => /^\d+ steps, /.test(row!)).length).toBeGreaterThanOrEqual(6);
    expect(rivals.filter((row) => row!.startsWith('the bundle'))).toHaveLength(1);
    const text = document.body.textContent;
    const { source, perCall } = schedule.cost!.macs!.convention.all;
    expect(text).toContain(formatMacs(source));
    expect(text).toContain(formatMacs(perCall));
    const { sha256 } = schedule.source;
    expect(text).toContain(sha256.slice(0, 16));
    expect(document.querySelector(`[title="${sha256}"]`)).not.toBeNull();
    // an image of each, and a point for each skip branch
    expect(document.querySelectorAll('img')).toHaveLength(2);
    expect(document.querySelectorAll('#choices [aria-label="dot"] > *')).toHaveLength(9);
    // every block of every program can be opened
    expect(document.querySelectorAll('#blocks figure a').length).toBeGreaterThanOrEqual(2 * 20);
  });

  test('needs nothing but the bundle for the plan', async () => {
    const json = JSON.parse(
      await done(['report', 'bundle', '-o', 'plain.html', '--json'], { cwd: folder }),
    );
    expect(json).toEqual({ file: 'plain.html', bytes: fs.statSync(at('plain.html')).size });
    expect([...open('plain.html').querySelectorAll('section')].map(({ id }) => id)).toEqual([
      'summary',
      'plan',
      'blocks',
    ]);
  });

  test('takes pictures in pairs', async () => {
    fs.mkdirSync(at('pictures'));
    const picture = (level: number) =>
      encodePng({ width: 2, height: 2, channels: 1, data: new Uint8Array(4).fill(level) });
    fs.writeFileSync(at('pictures/a-source.png'), picture(100));
    fs.writeFileSync(at('pictures/a-bundle.png'), picture(110));
    await done(['report', 'bundle', '--images', 'pictures', '-o', 'pictures.html'], {
      cwd: folder,
    });
    // 10 log10(255^2 / 10^2)
    expect(open('pictures.html').querySelector('#error')!.textContent).toContain('a: 28.1 dB');
    fs.mkdirSync(at('half'));
    fs.copyFileSync(at('pictures/a-source.png'), at('half/a-source.png'));
    expectRefusal(
      await cli('report', 'bundle', '--images', 'half', '-o', 'x.html'),
      'IMAGES_UNPAIRED',
    );
    fs.mkdirSync(at('none'));
    expectRefusal(await cli('report', 'bundle', '--images', 'none', '-o', 'x.html'), 'IMAGES_NONE');
  });

  test('refuses what has changed, and keeps what is there', async () => {
    fs.cpSync(at('bundle'), at('changed'), { recursive: true });
    fs.appendFileSync(at('changed/shallow.onnx'), 'x');
    expectRefusal(await cli('report', 'changed', '-o', 'x.html'), 'SCHEDULE_HASH_MISMATCH');
    fs.cpSync(at('bundle'), at('bare'), { recursive: true });
    fs.rmSync(at('bare/report.json'));
    expectRefusal(await cli('report', 'bare', '-o', 'x.html'), 'REPORT_MISSING');
    fs.writeFileSync(at('bare/report.json'), '{"sites": []}');
    expectRefusal(await cli('report', 'bare', '-o', 'x.html'), 'REPORT_MISSING');
    fs.writeFileSync(at('kept.html'), 'mine');
    expectRefusal(await cli('report', 'bundle', '-o', 'kept.html'), 'OUTPUT_EXISTS');
    expect(page('kept.html')).toBe('mine');
    const other = ['report', 'bundle', '--against', at('bundle/full.onnx'), '-o', 'x.html'];
    expectRefusal(await cli(...other), 'SOURCE_DIFFERS');
    expectRefusal(
      await cli('report', 'bundle', '--plans', 'p.json', '-o', 'x.html'),
      'REPORT_SOURCE',
    );
    expect(fs.existsSync(at('x.html'))).toBe(false);
  });
});

describe.concurrent('diff', () => {
  test('exits with 0 for the same and 1 for what differs, and draws it', async () => {
    expect(await cli('diff', DIGITS, DIGITS)).toMatchObject({
      status: 0,
      stdout: 'The models are the same.\n',
    });
    const { status, stdout } = await cli(
      'diff',
      DIGITS,
      'bundle/shallow.onnx',
      '--canonical',
      '-o',
      'diff.html',
      '--nodes',
      '2',
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^\d+ nodes are the same, 0 changed, 1 read something else; \d+ removed, 0 inserted\. 1 of the inputs and outputs differs\.$/m,
    );
    expect(stdout).toContain('+ input stepfold.in.deep.0');
    expect(stdout.match(/^- /gm)).toHaveLength(2);
    expect(open('diff.html').querySelectorAll('details')).toHaveLength(1);
  });

  test('says the same as JSON', async () => {
    const { status, stdout } = await cli(
      'diff',
      DIGITS,
      'bundle/shallow.onnx',
      '--canonical',
      '--json',
    );
    const json = JSON.parse(stdout);
    expect(status).toBe(1);
    expect(json).toMatchObject({ same: false, inputs: { inserted: ['stepfold.in.deep.0'] } });
    expect(json.regions[0].removed).toHaveLength(json.nodes.removed);
  });

  test('refuses what is no model', async () => {
    fs.writeFileSync(at('no.onnx'), '<html>');
    expectRefusal(await cli('diff', DIGITS, 'no.onnx'), 'ONNX_INVALID');
    expectRefusal(await cli('diff', 'none.onnx', DIGITS), 'FILE_NOT_FOUND');
  });
});
