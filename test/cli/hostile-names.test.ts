/**
 * Names that hold control characters: none of them reaches a terminal, a page or a picture, whatever the
 * command, and programs get them as they stand.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../src/model/onnx/files.js';
import { HOSTILE, withHostileNames } from '../helpers/hostile-names.js';
import { DIGITS, requireBuild, scratchFolder, stepfold, UNET } from './stepfold.js';

const folder = scratchFolder('names');
const at = (name: string) => path.join(folder, name);
const colored = { cwd: folder, env: { FORCE_COLOR: '1' } };
const plain = { cwd: folder };

/** Written out here again, so that what the code takes them for is not asked. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are looked for
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** What the command line colours its own words with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are looked for
const OWN_COLORS = /\x1b\[(?:1|2|22|3[1-3]|39|[34]8;5;\d+|49)m/g;

/** Lines that begin where only a name can have broken them. */
const BROKEN = /^(red|\\u2028)/m;

function expectHarmless(text: string): void {
  expect(text).not.toContain('\x1b[31mred');
  expect(text.replaceAll(OWN_COLORS, '')).not.toMatch(CONTROLS);
  expect(text).not.toMatch(BROKEN);
}

beforeAll(async () => {
  requireBuild();
  fs.writeFileSync(at('model.onnx'), withHostileNames(fs.readFileSync(DIGITS)));
  const made = await stepfold(
    ['transform', 'model.onnx', ...UNET, '--calls', '4', '-o', 'bundle'],
    colored,
  );
  expect(made.status, made.stderr).toBe(0);
  expectHarmless(made.stdout);
});

describe.concurrent('on the terminal', () => {
  test.each<[string, number, string[]]>([
    ['inspect', 0, ['model.onnx']],
    ['print', 0, ['model.onnx']],
    ['diff', 1, ['model.onnx', 'bundle/shallow.onnx']],
    ['plan', 0, ['bundle', '--svg', 'plan.svg']],
    ['verify', 0, ['bundle', '--against', 'model.onnx']],
    ['run', 0, ['bundle', '-o', 'out']],
    ['run', 2, ['bundle', '-o', 'out', '--feed', 'nothing=absent.npy']],
    ['inspect', 2, ['model.onnx', '--shape', 'nothing=2']],
    ['inspect', 2, ['model.onnx', '--freeze', 'nothing=2']],
    ['inspect', 2, [`model${HOSTILE}`]],
  ])('%s, status %i', async (command, status, args) => {
    const outcome = await stepfold([command, ...args], colored);
    expect(outcome.status, outcome.stderr).toBe(status);
    // `print` writes the text form, in which a name may go over several lines
    const output = outcome.stdout + outcome.stderr;
    if (command === 'print') expect(output).not.toMatch(CONTROLS);
    else expectHarmless(output);
    if (status === 2) expect(outcome.stderr.split('\n')).toHaveLength(2);
  });
});

describe.concurrent('for programs', () => {
  test('inspect --json gives the names', async () => {
    const { stdout } = await stepfold(['inspect', 'model.onnx', '--json'], plain);
    expect(stdout).not.toMatch(CONTROLS);
    const names = JSON.parse(stdout).inputs.map(({ name }: { name: string }) => name);
    expect(names).toEqual(loadModel(at('model.onnx')).graph.inputs.map(({ name }) => name));
    expect(names[0]).toContain(HOSTILE);
  });

  test('an error with --json gives the names in its details', async () => {
    const args = ['inspect', 'model.onnx', '--shape', `sample${HOSTILE}=2`];
    const { stdout, status } = await stepfold([...args, '--json'], plain);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).error.value).toBe(`sample${HOSTILE}`);
  });

  test("a bundle's schedule gives the names", () => {
    const schedule = JSON.parse(fs.readFileSync(at('bundle/schedule.json'), 'utf8'));
    expect(schedule.source.inputs[0].name).toBe(`sample${HOSTILE}`);
  });
});

describe.concurrent('in pages and pictures', () => {
  test('a difference', async () => {
    await stepfold(['diff', 'model.onnx', 'bundle/shallow.onnx', '-o', 'diff.html'], plain);
    const page = fs.readFileSync(at('diff.html'), 'utf8');
    expect(page).not.toMatch(CONTROLS);
    expect(page).toContain('\\x1b]0;owned\\x07');
    // the drawings hold names as titles
    const { document } = parseHTML(page);
    const titles = [...document.querySelectorAll('svg title')].map((t) => t.textContent);
    expect(titles.some((title) => title?.includes('\\u202ecod'))).toBe(true);
  });

  test('a report', async () => {
    const args = [
      'report',
      'bundle',
      '--against',
      'model.onnx',
      '-o',
      'report.html',
      '--no-yardstick',
    ];
    const { status, stderr } = await stepfold([...args, '--no-measure'], plain);
    expect(status, stderr).toBe(0);
    const page = fs.readFileSync(at('report.html'), 'utf8');
    expect(page).not.toMatch(CONTROLS);
    expect(page).toContain('\\x1b]0;owned\\x07');
  });

  test('a plan whose sites have such names', async () => {
    const plan = {
      format: 'stepfold.plan',
      version: 1,
      calls: 2,
      sites: { [`deep${HOSTILE}`]: ['compute', `re${HOSTILE}use`] },
    };
    fs.writeFileSync(at('plan.json'), JSON.stringify(plan));
    const args = ['plan', 'plan.json', '--svg', 'sites.svg'];
    const { status, stdout, stderr } = await stepfold(args, colored);
    expect(status, stderr).toBe(0);
    expectHarmless(stdout);
    const svg = fs.readFileSync(at('sites.svg'), 'utf8');
    expect(svg).not.toMatch(CONTROLS);
    expect(svg).toContain('deep\\x1b]0;owned');
  });
});
