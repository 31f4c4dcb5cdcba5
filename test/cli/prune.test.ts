/** `--weights prune` on the command line, and the line that mentions it where it would save something. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DIGITS, done, ROOT, requireBuild, scratchFolder } from './stepfold.js';

const folder = scratchFolder('prune');
const inFolder = (...names: string[]) => path.join(folder, ...names);
const size = (...names: string[]) => fs.statSync(inFolder(...names)).size;

beforeAll(requireBuild);

const transform = (pass: string, out: string, ...more: string[]) =>
  done(['transform', DIGITS, '--pass', pass, '--calls', '4', '-o', out, ...more], { cwd: folder });

describe.concurrent('transform', () => {
  test.each(['link', 'copy'])('--weights %s says what nobody reads', async (mode) => {
    const printed = await transform('depth-skip:depth=1', mode, '--weights', mode);
    expect(printed).toMatch(/No model reads .* in weights\.bin; --weights prune leaves them out\./);
    expect(size(mode, 'weights.bin')).toBe(fs.statSync(DIGITS).size);
  });

  test('says nothing of that where all is read', async () => {
    const stripped = path.join(ROOT, 'samples/architectures/ddpm-cifar10.onnx');
    await done(['fill', stripped, '-o', 'filled'], { cwd: folder });
    const model = inFolder('filled', 'ddpm-cifar10.onnx');
    const pass = 'deepcache:branch=2,interval=2';
    const printed = await done(
      ['transform', model, '--pass', pass, '--calls', '4', '-o', 'whole'],
      { cwd: folder },
    );
    expect(printed).not.toContain('--weights prune');
  });

  test('--weights prune leaves it out, and the bundle is proved', async () => {
    expect(await transform('depth-skip:depth=1', 'pruned', '--weights', 'prune')).not.toContain(
      '--weights prune',
    );
    // of 969 k parameters the outermost level holds a small part
    expect(size('pruned', 'weights.bin')).toBeLessThan(fs.statSync(DIGITS).size / 4);
    await done(['verify', 'pruned', '--against', DIGITS], { cwd: folder });
  });

  test('a pipeline file may ask for it', async () => {
    const config = {
      passes: [{ pass: 'depth-skip', options: { depth: 1 } }],
      calls: 4,
      weights: 'prune',
    };
    fs.writeFileSync(inFolder('pipeline.json'), JSON.stringify(config));
    await done(['transform', DIGITS, '--config', 'pipeline.json', '-o', 'from-file'], {
      cwd: folder,
    });
    expect(size('from-file', 'weights.bin')).toBeLessThan(fs.statSync(DIGITS).size / 4);
  });
});
