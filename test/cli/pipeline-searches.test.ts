/** Searches and reports on whole pipelines: what the command line says of a loop reaches it. */
import fs from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import type * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { forecast } from '../../passes/index.js';
import type { Pass } from '../../src/compiler/pass/index.js';
import { placeFullCalls, timestepError } from '../../src/evidence/calibrate/index.js';
import { openLoopModel } from '../../src/evidence/measure/index.js';
import { encodePng } from '../../src/io/images.js';
import { writeNpy } from '../../src/io/npy.js';
import { loadModel } from '../../src/model/onnx/files.js';
import {
  controlledModel,
  controlModel,
  fileOf,
  floats,
  guided,
  inpaintingModel,
  noiseOf,
  plainDdim,
  textModel,
  wave,
} from '../helpers/loops.js';
import { done, ROOT, requireBuild, scratchFolder } from './stepfold.js';

const folder = scratchFolder('searches');
const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });
const read = (name: string) => JSON.parse(fs.readFileSync(at(name), 'utf8'));

const clean = wave(64, 7);
const mask = [1, 0, 0.5, 1, 0, 1, 1, 0, 1, 0, 0.5, 1, 0, 1, 1, 0];
const prompt = floats(wave(20), 2, 5, 2);
const negative = floats(wave(36, 50), 2, 9, 2);
const picture = floats(wave(2 * 128, 20), 2, 2, 8, 8);

const put = (name: string, { data, dims }: ort.Tensor) =>
  fs.writeFileSync(
    at(name),
    writeNpy({ type: 'float32', data: Float32Array.from(data as Float32Array), dims }),
  );

type Open = Awaited<ReturnType<typeof fileOf>>;
let controlled: Open;
let control: Open;
beforeAll(async () => {
  requireBuild();
  controlled = await fileOf(folder, 'controlled', controlledModel());
  control = await fileOf(folder, 'control', controlModel(['down', 'mid']));
  await fileOf(folder, 'expert', textModel());
  await fileOf(folder, 'inpainting', inpaintingModel());
  put('prompt.npy', prompt);
  put('negative.npy', negative);
  put('clean.npy', floats(clean, 2, 2, 4, 4));
  put('mask.npy', floats(mask, 4, 4));
  put('picture.npy', picture);
});

const GUIDED = [
  ...['--feed', 'c=prompt.npy', '--unconditional', 'c=negative.npy', '--seed', '6'],
  ...['--guidance', 'cond-first', '--guidance-mode', 'two-calls', '--guidance-scale', '2'],
];
const PICTURE = ['--init', 'clean.npy', '--strength', '0.6', '--mask', 'mask.npy'];
const CONTROL = [
  ...['--control', 'control.onnx', '--control-feed', 'picture=picture.npy'],
  ...['--control-feed', 'strength=0.5', '--control-scale', '0.7'],
];

const guidance = {
  order: 'cond-first',
  mode: 'two-calls',
  scale: 2,
  unconditional: { c: negative as never },
} as const;
const pictures = { init: floats(clean, 2, 2, 4, 4) as never, mask: floats(mask, 4, 4) as never };
const controlOf = (model: Awaited<ReturnType<typeof openLoopModel>>) => ({
  ...{ model, feeds: { picture: picture as never, strength: [0.5] } },
  scale: 0.7,
});

describe.concurrent('a whole pipeline', () => {
  test('is what timesteps are found on', async () => {
    await run(
      ...[
        'timesteps',
        'controlled.onnx',
        '--steps',
        '5',
        '--reference-steps',
        '10',
        '--samples',
        '2',
      ],
      ...[...GUIDED, '--guidance-interval', '0-0.9', ...PICTURE, ...CONTROL],
      ...['--then-model', 'expert.onnx', '--then-from-step', '4', '-o', 'timesteps.json'],
    );
    const files = ['controlled.onnx', 'control.onnx', 'expert.onnx'];
    const [denoiser, model, expert] = await Promise.all(
      files.map((file) => openLoopModel(at(file))),
    );
    const measured = await timestepError(denoiser!, {
      ...{ steps: 5, referenceSteps: 10, samples: 2, seed: 6, feeds: { c: prompt as never } },
      sampler: { name: 'ddim', start: 2 },
      guidance: { ...guidance, interval: [0, 0.9] },
      parts: {
        ...pictures,
        control: controlOf(model!),
        handOver: { denoiser: expert!, from: { step: 4 }, feeds: {} },
      },
    });
    const found = read('timesteps.json');
    expect(found.error).toBe(await measured.of(found.timesteps));
    expect(found.sampler).toMatchObject({ name: 'ddim', start: 2 });
    for (const one of [denoiser!, model!, expert!]) await one.release();
  });

  test('is what full steps are searched on', async () => {
    await run(
      ...[
        'calibrate',
        'controlled.onnx',
        '--pass',
        'forecast:order=0',
        '--full-calls',
        '2',
        '--calls',
        '10',
      ],
      ...['--samples', '2', '--no-yardstick', ...GUIDED, ...PICTURE, ...CONTROL, '-o', 'plan.json'],
    );
    const model = await openLoopModel(control.file);
    const found = await placeFullCalls(loadModel(controlled.file), {
      ...{
        pass: forecast as unknown as Pass,
        options: { order: 0 },
        calls: 10,
        asked: { full: 2 },
      },
      ...{ samples: 2, seed: 6, sampler: { name: 'ddim', start: 2 }, yardstick: false },
      feeds: { c: prompt as never },
      guidance,
      parts: { ...pictures, control: controlOf(model) },
    });
    await model.release();
    const { calibration, sites } = read('plan.json');
    const errors = (list: readonly { readonly error: number }[]) => list.map(({ error }) => error);
    expect(errors(calibration.candidates)).toEqual(
      found.candidates.map(({ error }) => Number(error.judged.toPrecision(6))),
    );
    // of five steps two are left out
    expect(Object.values<string[]>(sites)[0]!.slice(0, 5)).toEqual(Array(5).fill('compute'));
  });

  test('is what a plan is searched on', async () => {
    const levels = Uint8Array.from({ length: 576 }, (_, i) => (i * 7) % 256);
    const png = encodePng({ width: 24, height: 24, channels: 1, data: levels });
    fs.writeFileSync(at('digit.png'), png);
    put(
      'digit.npy',
      floats(
        Array.from(levels, (level) => level / 127.5 - 1),
        1,
        1,
        24,
        24,
      ),
    );
    const search = async (init: string) => {
      const args = ['--calls', '4', '--samples', '2', '--init', init, '--strength', '0.5'];
      const pass = ['--pass', 'ditfastattn:threshold=D3'];
      await run('calibrate', DIT, ...pass, ...args, '-o', `${init}.json`);
      return read(`${init}.json`);
    };
    const [pixels, values] = [await search('digit.png'), await search('digit.npy')];
    expect(pixels.calibration.loss).toEqual(values.calibration.loss);
    expect(pixels.calibration.sampler).toMatchObject({ start: 2, steps: 4 });
    // steps that are left out, and the first that is made, are full
    for (const row of Object.values<string[]>(pixels.sites))
      expect(row.slice(0, 3)).toEqual(Array(3).fill('compute'));
  });

  test('for inpainting, with its mask and masked latents beside, in every search', async () => {
    put('beside.npy', floats(wave(3 * 16, 3), 1, 3, 4, 4));
    const beside = ['--feed', 'x=beside.npy', '--feed', 'c=prompt.npy', '--samples', '2'];
    const results = await Promise.all([
      run(
        'timesteps',
        'inpainting.onnx',
        '--steps',
        '3',
        '--reference-steps',
        '6',
        ...beside,
        '-o',
        't.json',
        '--json',
      ),
      run(
        'calibrate',
        'inpainting.onnx',
        '--pass',
        'forecast:order=0',
        '--full-calls',
        '2',
        '--calls',
        '4',
        '--no-yardstick',
        ...beside,
        '-o',
        'p.json',
        '--json',
      ),
    ]);
    for (const printed of results) expect(JSON.parse(printed).madeUp).toEqual([]);
  });
});

test('a report is of the loop that it is told', async () => {
  await run(
    ...['transform', 'controlled.onnx', '--pass', 'forecast:full=0+2+4,order=0', '--calls', '12'],
    ...['--guidance', 'cond-first', '--guidance-mode', 'two-calls', '-o', 'bundle'],
  );
  await run(
    ...['report', 'bundle', '--against', 'controlled.onnx', '--rounds', '1', '--no-yardstick'],
    ...['--branches', 'none', ...GUIDED, ...CONTROL, '--init', 'clean.npy', '--mask', 'mask.npy'],
    ...['-o', 'page.html'],
  );
  const noise = noiseOf(6, 2, 32);
  const half = async (x: Float32Array, t: number, c: ort.Tensor) => {
    const inputs = { x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c };
    const made = await control.session.run({ ...inputs, picture, strength: floats([0.5]) });
    const scaled = (name: string) =>
      floats(
        (made[name]!.data as Float32Array).map((value) => 0.7 * value),
        2,
        2,
        4,
        4,
      );
    const fed = { ...inputs, down: scaled('down'), mid: scaled('mid') };
    return (await controlled.session.run(fed)).eps!.data as Float32Array;
  };
  const end = (full: readonly number[]) => {
    let last: number[] = [];
    return plainDdim({
      ...{ steps: 6, from: noise },
      predict: async (x, t, step) => {
        if (full.includes(step))
          last = guided(await half(x, t, prompt), await half(x, t, negative), 2);
        return last;
      },
      behind: (x, signal) =>
        x.map((value, i) => {
          const known = Math.sqrt(signal) * clean[i]! + Math.sqrt(1 - signal) * noise[i]!;
          return mask[i % 16]! * value + (1 - mask[i % 16]!) * known;
        }),
    });
  };
  const [all, some] = [await end([0, 1, 2, 3, 4, 5]), await end([0, 2, 4])];
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);
  const off = Math.sqrt(squares(all.map((value, i) => value - some[i]!)) / squares(all));
  const { document } = parseHTML(fs.readFileSync(at('page.html'), 'utf8'));
  const text = document.querySelector('#error')!.textContent!;
  expect(text).toContain(`The final latent is off by ${(100 * off).toPrecision(2)} %.`);
  expect(text).not.toContain('made up');
});
