/** A pipeline's folder on the command line: in, out, and in again where a bundle is meant. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectReplaced, intoHub, makePipeline } from '../helpers/pipelines.js';
import { done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('pipeline');
beforeAll(requireBuild);
const at = (...names: string[]) => path.join(folder, ...names);
const PASS = ['--pass', 'deepcache:branch=2,interval=2', '--calls', '4'];
const run = (...args: string[]) => done(args, { cwd: folder });

describe.concurrent('a pipeline', () => {
  test('comes out with another denoiser, proved, and its noise is known', async () => {
    makePipeline(at('source'));
    expect(await run('inspect', 'source')).toContain('9 skip branches');
    const printed = await run('transform', 'source', ...PASS, '-o', 'out');
    expect(printed).toContain('stepfold verify out --against source');
    expect(printed).toMatch(/Weights: .* hard links to the source/);
    expect(printed).toContain(
      'For other tools: unet/model.onnx, unet/model.onnx_data (hard links to the source)\n',
    );
    expectReplaced(at('out'));
    const samples = async (place: string, to: string, ...more: string[]) => {
      await run('run', place, '--seed', '3', '-o', to, ...more);
      return fs.readFileSync(at(to, 'samples.npy'));
    };
    const betas = ['--betas', 'scaled_linear', '--beta-start', '0.00085', '--beta-end', '0.012'];
    const said = [...betas, '--prediction', 'v', '--spacing', 'trailing'];
    const [expected, found] = await Promise.all([
      samples('out/unet', 'said', ...said),
      samples('out', 'found'),
      // the bundle and its source lie side by side
      run('verify', 'out', '--against', 'out/unet/model.onnx'),
    ]);
    expect(found.equals(expected)).toBe(true);
    expectRefusal(
      await stepfold(['transform', 'out', ...PASS, '-o', 'again'], { cwd: folder }),
      'FOLDER_IS_A_BUNDLE',
      'unet',
    );
  });

  test("in the hub's cache comes out as files", async () => {
    const snapshot = intoHub(makePipeline(at('plain')), at('models--owner--name'));
    await run('transform', snapshot, ...PASS, '-o', 'from-hub');
    expectReplaced(at('from-hub'));
    // onnxruntime refuses the source's links, which must not keep it from being the judge
    await Promise.all([
      run('verify', 'from-hub', '--against', snapshot),
      run('run', snapshot, '--steps', '2', '-o', 'images'),
      run('bench', 'from-hub', '--against', snapshot, '--rounds', '1'),
    ]);
  });
});
