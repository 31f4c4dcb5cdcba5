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
    const how = ['--clip', '1', '--rounds', '1', '--json'];
    const { headline } = JSON.parse(
      await done(['report', 'bundle', '--against', DIGITS, '-o', 'full.html', ...how], {
        cwd: folder,
      }),
    );
    const document = open('full.html');
    expect([...document.querySelectorAll('section')].map(({ id }) => id)).toEqual([
      'summary',
      'pictures',
      'plan',
      'fewer-steps',
      'error',
      'choices',
      'figures',
      'programs',
      'states',
      'blocks',
    ]);
    // the first three are shown, all else is behind a line of its own
    expect(document.querySelectorAll('section > details.part > summary').length).toBe(7);
    // the figures that come first are those of the JSON, which are those of the tables below
    const figures = [...document.querySelectorAll('#summary .figure')].map((f) => f.textContent);
    const dB = (value: number) => `${value.toFixed(1)} dB`;
    const { speed, distance, fewerSteps, macRatio } = headline;
    expect(figures).toEqual([
      speed.worth === 'unclear' ? 'unclear' : `${speed.ratio.toFixed(2)}x`,
      dB(distance.decibels),
      dB(fewerSteps.toOwn.decibels),
    ]);
    expect(speed.ratio).toBeCloseTo(speed.milliseconds.source / speed.milliseconds.bundle, 9);
    const cellsOf = (row: string) =>
      [...document.querySelectorAll('tr')]
        .map(({ children }) => [...children].map((cell) => cell.textContent))
        .find(([first]) => first === row)!
        .slice(1);
    expect(cellsOf('the bundle')).toEqual([
      dB(distance.decibels),
      dB(fewerSteps.bundleToConverged),
    ]);
    expect(cellsOf(fewerSteps.toOwn.what)[0]).toBe(dB(fewerSteps.toOwn.decibels));
    expect(cellsOf(fewerSteps.toConverged.what)[1]).toBe(dB(fewerSteps.toConverged.decibels));
    expect(cellsOf('Time of the loop')[2]).toBe(figures[0]);
    expect(cellsOf('MACs of a call, attention included')[2]).toBe(`${macRatio.toFixed(2)}x`);
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
    // an image of each loop, what differs of two, and a point for each skip branch
    expect(document.querySelectorAll('img')).toHaveLength(5);
    expect(document.querySelectorAll('#choices [aria-label="dot"] > *')).toHaveLength(9);
    // every block of every program can be opened
    expect(document.querySelectorAll('#blocks figure a').length).toBeGreaterThanOrEqual(2 * 20);
  });

  test('needs nothing but the bundle for the plan', async () => {
    const json = JSON.parse(
      await done(['report', 'bundle', '-o', 'plain.html', '--json'], { cwd: folder }),
    );
    const { source, perCall } = schedule.cost!.macs!.convention.all;
    expect(json).toEqual({
      file: 'plain.html',
      bytes: fs.statSync(at('plain.html')).size,
      headline: { macRatio: source / perCall },
    });
    expect([...open('plain.html').querySelectorAll('section')].map(({ id }) => id)).toEqual([
      'summary',
      'plan',
      'figures',
      'programs',
      'states',
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
    const pictures = open('pictures.html').querySelector('#pictures')!;
    expect(pictures.querySelector('h3')!.textContent).toBe('a');
    expect(pictures.textContent).toContain('28.1 dB');
    expect(pictures.textContent).toContain('difference from source, 16 times as strong');
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
