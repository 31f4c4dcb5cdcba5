/** What was meant by a word or a path that is nearly right. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { nearest } from '../../src/errors/index.js';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

beforeAll(requireBuild);

const folder = scratchFolder('meant');
const here = { cwd: folder };

beforeAll(async () => {
  fs.copyFileSync(DIGITS, path.join(folder, 'unet.onnx'));
  fs.writeFileSync(path.join(folder, 'unet.onnx.data'), 'weights');
  await done(['transform', 'unet.onnx', ...UNET, '--calls', '3', '-o', 'u3'], here);
  fs.mkdirSync(path.join(folder, 'models/u3'), { recursive: true });
  fs.cpSync(path.join(folder, 'u3'), path.join(folder, 'models/u3'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'pipe/unet'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'pipe/model_index.json'), '{}');
  fs.writeFileSync(path.join(folder, 'pipe/unet/model.safetensors'), '');
});

describe('words', () => {
  test.each<[string, string, string[]]>([
    ['inspct unet.onnx', 'CLI_USAGE', ['inspect?']],
    ['transform unet.onnx --steps 5 -o x', 'CLI_USAGE', ['--calls?']],
    ['inspect unet.onnx --shap a=1', 'CLI_USAGE', ['--shape?']],
    ['run u3 -o x --sampler dmp++2m', 'CLI_USAGE', ['dpm++2m?']],
    ['run u3 -o x --sampler Euler_Ancestral', 'CLI_USAGE', ['euler-ancestral?']],
    ['inspect unet.onnx --target webn', 'CLI_USAGE', ['webnn?']],
    ['transform unet.onnx --recipe balancd --calls 5 -o x', 'RECIPE_UNKNOWN', ['balanced?']],
    ['transform unet.onnx --pass deepcach:branch=2 --calls 5 -o x', 'PASS_UNKNOWN', ['deepcache?']],
    ['transform unet.onnx --pass deepcache:brnch=2 --calls 5 -o x', 'PASS_OPTION', ['branch?']],
    [
      'transform unet.onnx --pass deepcache:branch=2,interval=2,strategy=zeros --calls 5 -o x',
      'PASS_OPTION',
      ['"zero"?'],
    ],
    ['inspect unet.onnx --shape smaple=1x1x16x16', 'SHAPE_UNKNOWN_INPUT', ['sample?']],
    ['inspect unet.onnx --freeze bacth=1', 'SHAPE_UNKNOWN_SYMBOL', ['batch?']],
    ['inspect unet.onnx --latent smple', 'FEED_UNKNOWN', ['sample?']],
  ])('stepfold %s', async (line, code, mentions) => {
    expectMeant(await stepfold(line.split(' '), here), code, mentions);
  });

  test('a site of a plan', async () => {
    const plan = {
      format: 'stepfold.plan',
      version: 1,
      calls: 2,
      sites: { deap: ['compute', 'reuse'] },
    };
    fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan));
    const args = ['transform', 'unet.onnx', ...UNET, '--plan', 'plan.json', '-o', 'x'];
    expectMeant(await stepfold(args, here), 'PLAN_UNKNOWN_SITE', ['deep?']);
  });

  test('nothing that is another word', () => {
    expect(nearest('conjure', ['inspect', 'run'])).toBeUndefined();
    expect(nearest('rn', ['inspect', 'run'])).toBe('run');
    expect(nearest('trans', ['tune', 'transform'])).toBe('transform');
    expect(nearest('t', ['tune', 'transform'])).toBeUndefined();
  });
});

describe('paths', () => {
  test.each<[string, string, string[]]>([
    ['inspect unte.onnx', 'FILE_NOT_FOUND', ['mean unet.onnx?']],
    ['unet', 'CLI_USAGE', ['`stepfold unet.onnx`?']],
    ['verify u3 unet.onnx', 'CLI_USAGE', ['`stepfold verify u3 --against unet.onnx`.']],
    ['transform unet.onnx --pass deepcache --calls 5 -o x', 'PASS_OPTION', ['branch=2,interval=3']],
    ['inspect unet', 'FILE_NOT_FOUND', ['mean unet.onnx?']],
    ['inspect u3/ful.onnx', 'FILE_NOT_FOUND', ['mean u3/full.onnx?']],
    ['inspect u4/full.onnx', 'FILE_NOT_FOUND', ['mean u3/full.onnx?']],
    ['verify u3/full.onnx --against unet.onnx', 'NOT_A_BUNDLE', ['mean u3?']],
    ['verify models --against unet.onnx', 'NOT_A_BUNDLE', ['mean models/u3?']],
    ['verify u2 --against unet.onnx', 'FILE_NOT_FOUND', ['mean u3?']],
    ['inspect u3', 'FOLDER_IS_A_BUNDLE', ['mean unet.onnx?']],
    ['inspect unet.onnx.data', 'ONNX_', ['mean unet.onnx?']],
    ['inspect pipe', 'FOLDER_NO_MODEL', ['optimum-cli export onnx --model pipe pipe-onnx']],
    ['verify u3', 'CLI_USAGE', ['--against unet.onnx']],
  ])('stepfold %s', async (line, code, mentions) => {
    expectMeant(await stepfold(line.split(' '), here), code, mentions);
  });
});

function expectMeant(
  outcome: Awaited<ReturnType<typeof stepfold>>,
  code: string,
  mentions: readonly string[],
): void {
  expectRefusal(outcome, `${code}\\w*`);
  for (const mention of mentions) expect(outcome.stderr).toContain(mention);
}
