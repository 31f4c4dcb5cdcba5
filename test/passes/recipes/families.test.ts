/**
 * Every exported file of the samples against the family that its network is of, by who defined it: the names of
 * samples/corpus/corpus.json and samples/architectures are of networks, and what wrote a file must not matter.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recognise } from '../../../passes/recipes/families.js';
import { findRecipes } from '../../../passes/recipes/index.js';
import { structureOf } from '../../../passes/recipes/structure.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { modelOf } from '../../helpers/text.js';
import { contextOf } from './context.js';
import { linearTransformer, videoTransformer } from './networks.js';

/** Undefined: of none of them. */
const CORPUS: Readonly<Record<string, string | undefined>> = {
  aura: 'flux',
  cogview: 'mmdit',
  cogvideox: 'video-transformer',
  dit: 'dit',
  flux: 'flux',
  'flux-apart': 'flux',
  hourglass: undefined,
  'hunyuan-dit': undefined,
  'hunyuan-video': 'video-transformer',
  latte: 'video-transformer',
  ltx: undefined,
  lumina2: undefined,
  mmdit: 'mmdit',
  'mmdit-dual': 'mmdit',
  'mmdit-normed': 'mmdit',
  'qwen-image': 'mmdit',
  sana: 'sana',
  'stable-audio': undefined,
  unet: 'sd',
  'unet-added': undefined,
  'unet-cascade': undefined,
  'unet-control': 'sd',
  'unet-controlled': 'sd',
  'unet-even': 'sd',
  'unet-freeu': 'sd',
  'unet-freeu-filtered': 'sd',
  'unet-linear': 'sd',
  'unet-lora': 'sd',
  'unet-motion': 'video-unet',
  'unet-sound': undefined,
  'unet-video': 'video-unet',
  'unet-xl': 'sdxl',
  uvit: undefined,
  wan: 'video-transformer',
  'z-image': undefined,
};

const ARCHITECTURES: Readonly<Record<string, string | undefined>> = {
  'ddpm-cifar10': 'ddpm',
  'ddpm-lsun256': 'ddpm',
  'dit-s-2-512': 'dit',
  'dit-xl-2-256': 'dit',
  'dit-xl-2-512': 'dit',
  'flux1-dev': 'flux',
  'ldm4-imagenet': 'ldm',
  lumina2: undefined,
  'pixart-sigma-1024': 'pixart',
  'qwen-image': 'mmdit',
  'sd15-unet': 'sd',
  'sd21-unet': 'sd',
  'sd3-medium': 'mmdit',
  'sd35-medium': 'mmdit',
  'sdxl-unet': 'sdxl',
  'wan21-1.3b': 'video-transformer',
  'z-image': undefined,
};

const corpus: Record<string, { readonly network: string }> = JSON.parse(
  fs.readFileSync('samples/corpus/corpus.json', 'utf8'),
);

const found = async (file: string | Model) => recognise(structureOf(await contextOf(file)));

test('each network of the corpus and each architecture has its row here', () => {
  const networks = new Set(Object.values(corpus).map(({ network }) => network));
  expect(Object.keys(CORPUS).sort()).toEqual([...networks].sort());
  const files = fs.readdirSync('samples/architectures').filter((name) => name.endsWith('.onnx'));
  expect(Object.keys(ARCHITECTURES).sort()).toEqual(files.map((name) => name.slice(0, -5)).sort());
});

test.each(Object.entries(corpus))('corpus: %s', async (name, { network }) => {
  const { family } = await found(`samples/corpus/${name}.onnx`);
  expect(family?.name).toBe(CORPUS[network]);
});

test.each(Object.entries(ARCHITECTURES))('architecture: %s is of %s', async (name, expected) => {
  const { family } = await found(`samples/architectures/${name}.onnx`);
  expect(family?.name).toBe(expected);
});

test.each([
  ['samples/digits/digits-unet.onnx', 'ddpm'],
  ['samples/dit-digits/dit-digits.onnx', 'dit'],
  ['samples/flow-digits/transformer/model.onnx', 'mmdit'],
])('sample: %s is of %s', async (file, expected) => {
  expect((await found(file)).family?.name).toBe(expected);
});

test.each(['unet-xl-optimum-17', 'flux-script2-17', 'dit-dynamo-18'])(
  '%s is what it is under any names',
  async (name) => {
    const file = `samples/corpus/${name}.onnx`;
    const model = loadModel(file);
    for (const [i, node] of [...model.graph.nodes].entries()) {
      node.name = `n${i}`;
      for (const [o, output] of node.outputs.entries())
        if (output && !output.isGraphOutput) model.graph.rename(output, `v${i}.${o}`);
    }
    for (const [i, input] of model.graph.inputs.entries()) model.graph.rename(input, `i${i}`);
    expect(await found(model)).toEqual(await found(file));
  },
);

describe('families that no file is of', () => {
  test('attention that multiplies keys with values first is linear; with a Softmax between it is not', async () => {
    const { family, why } = await found(modelOf(linearTransformer()));
    expect(family?.name).toBe('sana');
    expect(why).toContain('1 attention with keys times values first, without a Softmax');
    const other = await found(modelOf(linearTransformer({ softmax: true })));
    expect(other.family).toBeUndefined();
  });

  test('a latent with frames is a clip; with one frame it is a picture', async () => {
    expect((await found(modelOf(videoTransformer(3)))).family?.name).toBe('video-transformer');
    expect((await found(modelOf(videoTransformer(1)))).family).toBeUndefined();
  });
});

describe('why', () => {
  test.each([
    [
      'sd15-unet',
      [
        '12 skips joined by Concat at 4 resolutions',
        '16 cross-attentions, to tokens of 768 elements',
        'no vectors added to the embedding of the timestep',
        'tokens of 768 elements, as Stable Diffusion 1.x has it',
      ],
    ],
    [
      'sdxl-unet',
      [
        '9 skips joined by Concat at 3 resolutions',
        '70 cross-attentions, to tokens of 2048 elements',
        '2 vectors added to the embedding of the timestep',
        'tokens of 2048 elements, as SDXL base has it',
      ],
    ],
    [
      'pixart-sigma-1024',
      [
        'no skips',
        '28 blocks of self-attention and cross-attention',
        '3 layers over the timestep for all of them',
      ],
    ],
    [
      'dit-xl-2-256',
      [
        'no skips',
        'no cross-attentions',
        '1 class label beside the timestep',
        '31 layers over the timestep for 28 blocks',
      ],
    ],
  ])('%s', async (name, why) => {
    expect((await found(`samples/architectures/${name}.onnx`)).why).toEqual(why);
  });

  test('a model of no family: what each family of its kind wants, and what looks at no structure is left', async () => {
    const context = await contextOf('samples/digits/classifier.onnx');
    const recipes = findRecipes(context);
    expect(recipes.family).toBeUndefined();
    expect(recipes.why.length).toBeGreaterThan(3);
    expect(recipes.why).toContain(
      'DiT: that would be a class label beside the timestep; found: no class labels beside the timestep',
    );
    const names = recipes.settings.filter(({ passes }) => passes).map(({ name }) => name);
    expect(names).toEqual(['balanced', 'fast']);
  });
});
