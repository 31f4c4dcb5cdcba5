/** Pipelines as people have them on the command line, against loops that are written out and call onnxruntime. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodePng, encodePng, type Picture } from '../../src/io/images.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import {
  controlledModel,
  controlModel,
  expectClose,
  fileOf,
  floats,
  guided,
  inpaintingModel,
  noiseOf,
  outputOf,
  plainDdim,
  signalAt,
  textModel,
  timestepsOf,
  wave,
} from '../helpers/loops.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('pipelines');
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });
const refused = (...args: string[]) => stepfold(args, { cwd: folder });
const [STEPS, SEED, SCALE] = [5, 4, 3];
const LOOP = ['--steps', '5', '--seed', '4'];

const noise = noiseOf(SEED, 2, 32);
const clean = wave(64, 7);
const mask = [1, 0, 0.5, 1, 0, 1, 1, 0, 1, 0, 0.5, 1, 0, 1, 1, 0];
const prompt = floats(wave(20), 2, 5, 2);
const negative = floats(wave(36, 50), 2, 9, 2);
const picture = floats(wave(2 * 128, 20), 2, 2, 8, 8);

const put = (name: string, tensor: ort.Tensor) => {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true });
  const { data, dims } = tensor;
  fs.writeFileSync(
    at(name),
    writeNpy({ type: 'float32', data: Float32Array.from(data as Float32Array), dims }),
  );
};
const samples = (name: string) => readNpy(fs.readFileSync(at(name, 'samples.npy')), name);

type Open = Awaited<ReturnType<typeof fileOf>>;
let models: Record<'text' | 'expert' | 'controlled' | 'control' | 'inpainting', Open>;
beforeAll(async () => {
  requireBuild();
  models = {
    text: await fileOf(folder, 'text', textModel()),
    expert: await fileOf(folder, 'expert', textModel().replace('eps = Tanh', 'eps = Sin')),
    controlled: await fileOf(folder, 'controlled', controlledModel()),
    control: await fileOf(folder, 'control', controlModel(['down', 'mid'])),
    inpainting: await fileOf(folder, 'inpainting', inpaintingModel()),
  };
  put('prompt.npy', prompt);
  put('negative.npy', negative);
  put('clean.npy', floats(clean, 2, 2, 4, 4));
  put('mask.npy', floats(mask, 4, 4));
  put('picture.npy', picture);
});

const GUIDED = [
  ...['--feed', 'c=prompt.npy', '--unconditional', 'c=negative.npy'],
  ...['--guidance', 'uncond-first', '--guidance-mode', 'two-calls', '--guidance-scale', '3'],
];

type Half = (x: Float32Array, t: number, c: ort.Tensor) => Promise<Float32Array>;
const halfOf =
  (which: 'text' | 'expert'): Half =>
  (x, t, c) =>
    outputOf(models[which].session, { x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c });
const pairOf = async (half: Half, x: Float32Array, t: number) =>
  guided(await half(x, t, prompt), await half(x, t, negative), SCALE);

const covered = (signal: number) =>
  clean.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]!);

describe.concurrent('run', () => {
  test('prompts of 5 and of 9 tokens, guidance in a part', async () => {
    await run(
      'run',
      'text.onnx',
      ...LOOP,
      ...GUIDED,
      '--guidance-interval',
      '0-0.6',
      '--latent-shape',
      '2x2x4x4',
      '-o',
      'plain',
    );
    const half = halfOf('text');
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: async (x, t, step) => (step < 3 ? pairOf(half, x, t) : half(x, t, prompt)),
    });
    expectClose(samples('plain').data as Float32Array, expected);
  });

  test('from latents, by a mask, handed over', async () => {
    const printed = await run(
      ...['run', 'text.onnx', ...LOOP, ...GUIDED, '--init', 'clean.npy', '--strength', '0.8'],
      ...[
        '--mask',
        'mask.npy',
        '--then-model',
        'expert.onnx',
        '--then-below-timestep',
        '400',
        '-o',
        'image',
      ],
    );
    expect(printed).not.toContain('Made-up');
    const expected = await plainDdim({
      ...{ steps: STEPS, start: 1, from: covered(signalAt(timestepsOf(STEPS)[1]!)) },
      // 600, 400, 200, 0
      predict: (x, t) => pairOf(halfOf(t < 400 ? 'expert' : 'text'), x, t),
      behind: (x, signal) => {
        const known = covered(signal);
        return x.map((value, i) => mask[i % 16]! * value + (1 - mask[i % 16]!) * known[i]!);
      },
    });
    expectClose(samples('image').data as Float32Array, expected);
  });

  test('with a control model', async () => {
    await run(
      ...['run', 'controlled.onnx', ...LOOP, ...GUIDED, '--latent-shape', '2x2x4x4'],
      ...[
        '--control',
        'control.onnx',
        '--control-feed',
        'picture=picture.npy',
        '--control-feed',
        'strength=0.5',
      ],
      ...['--control-scale', '0.7', '--control-interval', '2', '-o', 'controlled'],
    );
    const kept = new Map<ort.Tensor, Record<string, ort.Tensor>>();
    const half = async (x: Float32Array, t: number, c: ort.Tensor, step: number) => {
      const inputs = { x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c };
      if (step % 2 === 0) {
        const fed = { ...inputs, picture, strength: floats([0.5]) };
        const made = await models.control.session.run(fed);
        const scaled = (name: string) =>
          floats(
            (made[name]!.data as Float32Array).map((value) => 0.7 * value),
            2,
            2,
            4,
            4,
          );
        kept.set(c, { down: scaled('down'), mid: scaled('mid') });
      }
      return outputOf(models.controlled.session, { ...inputs, ...kept.get(c) });
    };
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: async (x, t, step) =>
        guided(await half(x, t, prompt, step), await half(x, t, negative, step), SCALE),
    });
    expectClose(samples('controlled').data as Float32Array, expected);
  });

  test('bundles take another number of images on a fixed batch, one batch after another', async () => {
    await fileOf(folder, 'two', textModel(2));
    put('five.npy', floats(wave(50), 5, 5, 2));
    const PASS = ['--pass', 'forecast:full=0+2+4,order=0', '--calls', '5'];
    await run('transform', 'two.onnx', ...PASS, '-o', 'two');
    await run('transform', 'text.onnx', ...PASS, '-o', 'any');
    const five = ['--feed', 'c=five.npy', '--seed', '4', '--latent-shape', '5x2x4x4'];
    const [printed] = await Promise.all([
      run('run', 'two', ...five, '-o', 'in-turn'),
      run('run', 'any', ...five, '-o', 'at-once'),
    ]);
    expect(printed).toContain('5x2x4x4');
    expectClose(samples('in-turn').data as Float32Array, [
      ...(samples('at-once').data as Float32Array),
    ]);
    await run('run', 'two', '--samples', '3', '--feed', 'c=0.5', '-o', 'numbers');
    expect(samples('numbers').dims[0]).toBe(3);
  });
});

describe.concurrent('is refused:', () => {
  test.each<[what: string, args: string[], code: string, mention: string]>([
    [
      'a strength of nothing',
      ['--init', 'clean.npy', '--strength', '0.1'],
      'SAMPLER_STRENGTH',
      '0.1',
    ],
    [
      'a strength beyond all',
      ['--init', 'clean.npy', '--strength', '1.5'],
      'SAMPLER_OPTION_RANGE',
      '1.5',
    ],
    ['a picture and no strength', ['--init', 'clean.npy'], 'CLI_ARGUMENT', '--strength'],
    ['a strength and no picture', ['--strength', '0.5'], 'CLI_ARGUMENT', '--init'],
    [
      'a picture of another shape',
      ['--init', 'picture.npy', '--strength', '1', '--latent-shape', '2x2x4x4'],
      'INIT_SHAPE',
      '[2, 2, 8, 8]',
    ],
    [
      'a mask of another size',
      ['--init', 'clean.npy', '--mask', 'five-mask.npy'],
      'MASK_SHAPE',
      '[5, 5]',
    ],
    [
      'a control model whose outputs do not match',
      ['--control', 'expert.onnx'],
      'CONTROL_OUTPUTS',
      'eps',
    ],
    [
      'a control model of which something is missing',
      ['--control', 'control.onnx'],
      'CONTROL_INPUTS',
      '--control-feed picture=picture.npy --control-feed strength=1',
    ],
    ['details of no control model', ['--control-scale', '2'], 'CLI_ARGUMENT', '--control'],
    [
      'a second model without its step',
      ['--then-model', 'expert.onnx'],
      'CLI_ARGUMENT',
      '--then-from-step',
    ],
    [
      'a second model behind the end',
      ['--then-model', 'expert.onnx', '--then-from-step', '5'],
      'HAND_OVER_NEVER',
      'step 5',
    ],
    ['an interval of no guidance', ['--guidance-interval', '0-0.5'], 'CLI_ARGUMENT', '--guidance'],
    [
      'an interval that is none',
      [
        '--guidance',
        'cond-first',
        '--guidance-scale',
        '2',
        '--unconditional',
        'c=negative.npy',
        '--feed',
        'c=prompt.npy',
        '--guidance-interval',
        '0.5',
      ],
      'CLI_ARGUMENT',
      '0.1-0.8',
    ],
    [
      'a picture for latents',
      ['--init', 'photo.png', '--strength', '0.5'],
      'VAE_NEEDED',
      'photo.png',
    ],
    [
      'numbers of no row',
      ['--feed', 'c=1,2,3', '--latent-shape', '2x2x4x4'],
      'FEED_NUMBERS',
      '--feed c=',
    ],
  ])('%s', async (_, args, code, mention) => {
    put('five-mask.npy', floats(wave(25), 5, 5));
    fs.writeFileSync(at('photo.png'), encodePng(grey(4, 4, wave(16))));
    expectRefusal(
      await refused('run', 'text.onnx', ...LOOP, ...args, '-o', 'never'),
      code,
      mention,
    );
    expect(fs.existsSync(at('never'))).toBe(false);
  });

  test('a bundle of one loop alone from the middle', async () => {
    await run(
      'transform',
      'text.onnx',
      '--pass',
      'forecast:full=0+2',
      '--calls',
      '5',
      '--fixed-loop',
      '-o',
      'bundle',
    );
    const args = ['--init', 'clean.npy', '--strength', '0.6', '-o', 'never'];
    expectRefusal(await refused('run', 'bundle', ...args), 'RUN_START', '2 steps');
  });
});

const grey = (width: number, height: number, values: readonly number[]): Picture => ({
  ...{ width, height, channels: 1 },
  data: Uint8Array.from(values, (value) => Math.round(127.5 * (value + 1))),
});

describe('pictures', () => {
  const colours: Picture = {
    ...{ width: 8, height: 8, channels: 3 },
    data: Uint8Array.from({ length: 192 }, (_, i) => (i * 37) % 256),
  };
  /** From 0 to 255 by channel, then row, to -1 to 1. */
  const pixels = Array.from({ length: 192 }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / 64), i % 64];
    return colours.data[pixel * 3 + channel]! / 127.5 - 1;
  });

  /** A folder as optimum writes it: latents of 2 channels, half as large; means and deviations behind each other. */
  async function makeFolder(config: object) {
    for (const name of ['unet', 'vae_decoder', 'vae_encoder'])
      fs.mkdirSync(at('folder', name), { recursive: true });
    fs.writeFileSync(at('folder/model_index.json'), '{}');
    await fileOf(at('folder/unet'), 'model', textModel());
    const decoder = await fileOf(
      at('folder/vae_decoder'),
      'model',
      `g (float[batch,2,h,w] latent_sample) => (float[batch,3,h2,w2] sample)
       <float[3,2,1,1] w = {0.5, -0.25, 0.125, 0.75, 0.25, -0.5}, float[4] s = {1, 1, 2, 2}, float[0] none = {}> {
         mixed = Conv (latent_sample, w)
         sample = Resize <mode = "nearest"> (mixed, none, s) }`,
    );
    const encoder = await fileOf(
      at('folder/vae_encoder'),
      'model',
      `g (float[1,3,h,w] sample) => (float[1,4,h2,w2] latent_parameters)
       <float[4,3,2,2] w = {${wave(48, 5)
         .map((v) => v.toFixed(6))
         .join(', ')}}> {
         latent_parameters = Conv <strides = [2, 2]> (sample, w) }`,
    );
    fs.writeFileSync(at('folder/vae_decoder/config.json'), JSON.stringify(config));
    return { decoder, encoder };
  }

  test('are encoded and decoded by the models of a folder', async () => {
    const { decoder, encoder } = await makeFolder({ scaling_factor: 0.5, shift_factor: 0.25 });
    fs.writeFileSync(at('colours.png'), encodePng(colours));
    fs.writeFileSync(
      at('hidden.png'),
      encodePng(
        grey(
          8,
          8,
          Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : -1)),
        ),
      ),
    );
    const printed = await run(
      ...['run', 'folder', ...LOOP, '--feed', 'c=prompt.npy', '--init', 'colours.png'],
      ...['--strength', '0.6', '--mask', 'hidden.png', '-o', 'decoded'],
    );
    const made = (await encoder.session.run({ sample: floats(pixels, 1, 3, 8, 8) }))
      .latent_parameters!;
    const mean = [...(made.data as Float32Array)].slice(0, 32).map((x) => (x - 0.25) * 0.5);
    const latents = [...mean, ...mean];
    const on = Array.from({ length: 64 }, (_, i) => (i % 4 < 2 ? 1 : 0));
    const cover = (signal: number) =>
      latents.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]!);
    const expected = await plainDdim({
      ...{ steps: STEPS, start: 2, from: cover(signalAt(timestepsOf(STEPS)[2]!)) },
      predict: (x, t) => halfOf('text')(x, t, prompt),
      behind: (x, signal) => cover(signal).map((value, i) => (on[i] ? x[i]! : value)),
    });
    expectClose(samples('decoded').data as Float32Array, expected);
    const shown = await decoder.session.run({
      latent_sample: floats(
        expected.map((z) => z / 0.5 + 0.25),
        2,
        2,
        4,
        4,
      ),
    });
    for (const i of [0, 1]) {
      expect(printed).toContain(`sample-${i}.png`);
      const found = decodePng(fs.readFileSync(at('decoded', `sample-${i}.png`)), 'png');
      expect([found.width, found.height, found.channels]).toEqual([8, 8, 3]);
      const own = (shown.sample!.data as Float32Array).slice(192 * i, 192 * (i + 1));
      for (const [k, value] of own.entries()) {
        const level = Math.min(255, Math.max(0, 127.5 * (value + 1)));
        const [channel, pixel] = [Math.floor(k / 64), k % 64];
        expect(Math.abs(found.data[pixel * 3 + channel]! - level)).toBeLessThan(0.51);
      }
    }
    await run('run', 'folder', ...LOOP, '--feed', 'c=prompt.npy', '--no-decode', '-o', 'latents');
    expect(fs.readdirSync(at('latents'))).toEqual(['samples.npy']);
  });

  test('are shown by a report, decoded as a run decodes them', async () => {
    await makeFolder({ scaling_factor: 0.5, shift_factor: 0.25 });
    const form = ['--calls', '5', '--pass', 'forecast:interval=2', '--sampler', 'ddim'];
    await run('transform', 'folder', ...form, '-o', 'shown');
    const given = ['--seed', '4', '--feed', 'c=prompt.npy'];
    const page = ['--no-yardstick', '--rounds', '1', '-o', 'shown.html'];
    await run('report', 'shown', '--against', 'folder', ...given, ...page);
    const pictures = fs.readFileSync(at('shown.html'), 'utf8').split('id="pictures"')[1]!;
    const shown = [...pictures.matchAll(/src="data:image\/png;base64,([^"]+)" alt="([^"]+)"/g)];
    const named = new Map(shown.map(([, png, alt]) => [alt, Buffer.from(png!, 'base64')]));
    for (const [what, model] of [
      ['source', 'folder'],
      ['bundle', 'shown'],
    ]) {
      await run('run', model!, ...LOOP, ...given.slice(2), '--sampler', 'ddim', '-o', `as-${what}`);
      for (const i of [0, 1])
        expect(named.get(`Image ${i + 1}, ${what}`)).toEqual(
          fs.readFileSync(at(`as-${what}`, `sample-${i}.png`)),
        );
    }
  });

  test('are given and proved by a loop with the decoder of its folder in it', async () => {
    const { decoder } = await makeFolder({ scaling_factor: 0.5, shift_factor: 0.25 });
    const form = ['--calls', '4', '--pass', 'forecast:interval=2', '--emit', 'loop'];
    const emit = (...decode: string[]) =>
      run('transform', 'folder', ...form, '--sampler', 'ddim', '--decode', ...decode);
    await emit('-o', 'looped');
    const loop = await ort.InferenceSession.create(at('looped/unet/loop.onnx'));
    const made = await loop.run({ noise: floats(noise, 2, 2, 4, 4), c: prompt });
    const latents = [...(made['latent']!.data as Float32Array)].map((z) => z / 0.5 + 0.25);
    const shown = await decoder.session.run({ latent_sample: floats(latents, 2, 2, 4, 4) });
    expectClose(made['image']!.data as Float32Array, [...(shown['sample']!.data as Float32Array)]);
    expect(await run('verify', 'looped', '--against', 'folder')).toMatch(
      /its pictures +loop .*passed/,
    );

    // which decoder it holds is nowhere said, so that another's pictures are not proved
    fs.cpSync(at('folder/vae_decoder/model.onnx'), at('alone.onnx'));
    await emit('alone.onnx', '-o', 'looped', '--force');
    const { status, stdout } = await refused('verify', 'looped', '--against', 'folder');
    expect(stdout).toMatch(/Not proved: the pictures of the whole loop, since they are not those/);
    expect(status).toBe(1);
  });

  test('are their own latents where the model works on pixels', async () => {
    const size = 16;
    const rgb: Picture = {
      ...{ width: size, height: size, channels: 4 },
      data: Uint8Array.from({ length: 4 * size * size }, (_, i) => (i * 53) % 256),
    };
    fs.writeFileSync(at('digit.png'), encodePng(rgb));
    const values = Array.from({ length: size * size }, (_, pixel) => {
      const [red, green, blue] = [0, 1, 2].map((k) => rgb.data[4 * pixel + k]!);
      return (red! + green! + blue!) / 3 / 127.5 - 1;
    });
    put('digit.npy', floats(values, 1, 1, size, size));
    for (const init of ['digit.png', 'digit.npy'])
      await run(
        'run',
        DIGITS,
        '--steps',
        '4',
        '--samples',
        '2',
        '--init',
        init,
        '--strength',
        '0.5',
        '-o',
        `of-${init}`,
      );
    const [png, npy] = ['of-digit.png', 'of-digit.npy'].map(samples);
    expect(png!.dims).toEqual([2, 1, size, size]);
    expectClose(png!.data as Float32Array, [...(npy!.data as Float32Array)]);
    expect(fs.readdirSync(at('of-digit.png'))).toEqual(['samples.npy', 'samples.png']);
    fs.writeFileSync(at('wide.png'), encodePng(grey(17, 16, wave(272))));
    const wide = ['--init', 'wide.png', '--strength', '0.5', '-o', 'never'];
    expectRefusal(await refused('run', DIGITS, ...LOOP, ...wide), 'PICTURE_SHAPE', '17 by 16');
  });

  test('are what a model for inpainting is given beside the latent, with the mask', async () => {
    const { encoder } = await makeFolder({
      scaling_factor: 2,
      latents_mean: [0.5, -0.5],
      latents_std: [2, 4],
    });
    fs.copyFileSync(models.inpainting.file, at('folder/unet/model.onnx'));
    fs.writeFileSync(at('colours.png'), encodePng(colours));
    fs.writeFileSync(
      at('half.png'),
      encodePng(
        grey(
          8,
          8,
          Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : -1)),
        ),
      ),
    );
    await run(
      ...['run', 'folder', ...LOOP, '--feed', 'c=prompt.npy', '--init', 'colours.png'],
      ...['--mask', 'half.png', '--no-decode', '-o', 'inpainted'],
    );
    const hidden = pixels.map((value, i) => (i % 8 < 4 ? 0 : value));
    const made = (await encoder.session.run({ sample: floats(hidden, 1, 3, 8, 8) }))
      .latent_parameters!;
    const masked = [...(made.data as Float32Array)]
      .slice(0, 32)
      .map((x, i) => (i < 16 ? ((x - 0.5) * 2) / 2 : ((x + 0.5) * 2) / 4));
    const beside = [...Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : 0)), ...masked];
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: (x, t) => {
        const rows = [0, 1].flatMap((i) => [...x.slice(32 * i, 32 * (i + 1)), ...beside]);
        const inputs = { x: floats(rows, 2, 5, 4, 4), t: floats([t, t], 2), c: prompt };
        return outputOf(models.inpainting.session, inputs);
      },
    });
    expectClose(samples('inpainted').data as Float32Array, expected);
  });

  test.each<[string, object | string, string]>([
    ['no number', { scaling_factor: 'x' }, 'scaling_factor'],
    ['half of a pair', { latents_mean: [1, 2] }, 'latents_std'],
    ['no JSON', '{', 'config.json'],
  ])('are refused where the scale is %s', async (_, config, mention) => {
    await makeFolder({});
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    fs.writeFileSync(at('folder/vae_decoder/config.json'), text);
    expectRefusal(await refused('run', 'folder', ...LOOP, '-o', 'never'), 'FOLDER_VAE', mention);
  });
});
