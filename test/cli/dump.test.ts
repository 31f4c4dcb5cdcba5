/** `--dump` and `--debug`: the graph after every stage as files, and what is there once a pass breaks it. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../src/model/onnx/files.js';
import { parseModel } from '../../src/model/onnx/text/index.js';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('dump');
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const list = (name: string) => fs.readdirSync(path.join(folder, name));
const read = (...names: string[]) => fs.readFileSync(path.join(folder, ...names), 'utf8');
const ops = (text: string) => [...parseModel(text).graph.nodes].map((node) => node.opType);
const transform = ['transform', DIGITS, '--calls', '6', ...UNET];

beforeAll(async () => {
  requireBuild();
  await done([...transform, '-o', 'bundle', '--dump', 'stages'], { cwd: folder });
});

describe('--dump', () => {
  test('writes every stage, in names that sort, as texts that can be read back', () => {
    expect(list('stages').sort()).toEqual([
      '00-source.txt',
      '01-canonical.txt',
      '02-deepcache.txt',
      '03-instrumented.txt',
      '04-split-full.txt',
      '05-split-shallow.txt',
    ]);
    // the files beside them have the last word: those that were emitted, and the source
    for (const [stage, file] of [
      ['00-source.txt', DIGITS],
      ['04-split-full.txt', path.join(folder, 'bundle/full.onnx')],
      ['05-split-shallow.txt', path.join(folder, 'bundle/shallow.onnx')],
    ] as const)
      expect(ops(read('stages', stage))).toEqual(
        [...loadModel(file).graph.nodes].map((node) => node.opType),
      );
    expect(read('stages', '02-deepcache.txt')).toMatch(
      /^# site deep: .*\n.*\n# .*compute 2, reuse 4/m,
    );
  });

  test('is never over what is there, and with --force only over a dump', async () => {
    const again = await cli(...transform, '-o', 'other', '--dump', 'stages');
    expectRefusal(again, 'OUTPUT_NOT_EMPTY', 'stages');
    await done([...transform, '-o', 'other', '--dump', 'stages', '--force'], { cwd: folder });
    expect(list('stages')).toHaveLength(6);
    fs.writeFileSync(path.join(folder, 'stages/07-mine.txt'), 'mine');
    const mine = await cli(...transform, '-o', 'third', '--dump', 'stages', '--force');
    expectRefusal(mine, 'OUTPUT_NOT_A_BUNDLE', '07-mine.txt');
    expect(read('stages', '07-mine.txt')).toBe('mine');
    const bundle = await cli(...transform, '-o', 'third', '--dump', 'bundle', '--force');
    expectRefusal(bundle, 'OUTPUT_NOT_A_BUNDLE', 'bundle');
    expect(fs.existsSync(path.join(folder, 'third'))).toBe(false);
    const inside = await cli(...transform, '-o', 'third', '--dump', 'third/stages');
    expectRefusal(inside, 'OUTPUT_HOLDS_DUMP', 'third');
  });

  test('has the stages up to where it failed', async () => {
    const args = ['transform', DIGITS, '--calls', '6', '--pass', 'deepcache:branch=99,interval=3'];
    const { status } = await cli(...args, '-o', 'none', '--dump', 'failed');
    expect(status).toBe(2);
    expect(list('failed').sort()).toEqual(['00-source.txt', '01-canonical.txt']);
  });

  test('of inspect has source and canonical form', async () => {
    await done(['inspect', DIGITS, '--dump', 'inspected'], { cwd: folder });
    expect(list('inspected').sort()).toEqual(['00-source.txt', '01-canonical.txt']);
  });
});

describe('a pass of a plugin that breaks the graph', () => {
  const plugin = `export default {
    name: 'breaker',
    description: 'Take a node out.',
    example: 'breaker',
    options: { type: 'object', properties: {} },
    prepare({ model }) {
      const [node] = [...model.graph.nodes].filter((n) => n.opType === 'Conv');
      model.graph.nodeSet.delete(node);
    },
    propose: () => ({ sites: [], entries: {} }),
  };`;
  const args = [
    'transform',
    DIGITS,
    '--calls',
    '2',
    '--plugin',
    'breaker.mjs',
    '--pass',
    'breaker',
  ];
  beforeAll(() => fs.writeFileSync(path.join(folder, 'breaker.mjs'), plugin));

  test('is named, and nothing is written', async () => {
    const outcome = await cli(...args, '-o', 'broken');
    expectRefusal(outcome, 'PASS_BROKE_GRAPH', '"breaker.mjs"', '"breaker: prepare"', '--debug');
    expect(fs.existsSync(path.join(folder, 'broken'))).toBe(false);
  });

  test.each([['--debug'], ['--dump']])('%s writes the graphs before and after', async (flag) => {
    const flags = flag === '--dump' ? ['--dump', 'broken-stages'] : ['--debug'];
    const outcome = await cli(...args, '-o', 'broken', ...flags);
    const at = /before and after the step are in (.+)\.\n/.exec(outcome.stderr)?.[1];
    expect(at).toBeDefined();
    const where = path.resolve(folder, at!);
    const texts = fs.readdirSync(where).sort();
    const [before, after] = texts
      .slice(-2)
      .map((n) => fs.readFileSync(path.join(where, n), 'utf8'));
    expect(texts.slice(-2).map((n) => n.slice(3))).toEqual(['before.txt', 'broken.txt']);
    const canonical = ops(read('stages', '01-canonical.txt'));
    expect(ops(before!)).toEqual(canonical);
    expect(after).toContain('which is not in its scope');
    if (flag === '--debug') fs.rmSync(where, { recursive: true });
  });
});
