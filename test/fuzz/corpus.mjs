// What mutations start from: small real models, the repository's own text graphs, and files of every
// other kind that Stepfold reads.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, parseModel } from '../../dist/src/index.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const at = (...names) => path.join(ROOT, ...names);
const read = (...names) => new Uint8Array(fs.readFileSync(at(...names)));

const within = (folder, ext) =>
  fs
    .readdirSync(at(folder), { recursive: true })
    .filter((name) => name.endsWith(ext))
    .sort()
    .map((name) => path.join(folder, name));

/** Texts of graphs, by name. */
export const TEXTS = [
  ...within('test/golden', 'input.onnx.txt'),
  ...within('test/fixtures/text', '.stepfold.txt'),
].map((name) => ({ name, text: fs.readFileSync(at(name), 'utf8') }));

/** Models of a few hundred nodes at most: thousands can be tried in a minute. */
export const SMALL_MODELS = [
  ...TEXTS.map(({ name, text }) => ({ name, bytes: () => encodeModel(parseModel(text, name)) })),
  ...['samples/spellings', 'test/fixtures/onnx', 'test/fixtures/text']
    .flatMap((folder) => within(folder, '.onnx'))
    .map((name) => ({ name, bytes: () => read(name) })),
];

/** A whole U-Net, a whole transformer, and forms of them: functions, two streams, quantized. */
export const WHOLE_MODELS = [
  'samples/digits/digits-unet.onnx',
  'samples/dit-digits/dit-digits.onnx',
  'samples/corpus/unet-functions-16.onnx',
  'samples/corpus/mmdit-dynamo-23.onnx',
  'samples/corpus/dit-quantized-dynamic.onnx',
  'samples/corpus/dit-optimizer.onnx',
].map((name) => ({ name, bytes: () => read(name) }));

/** Published architectures without weights. */
export const ARCHITECTURES = [
  'samples/architectures/ddpm-cifar10.onnx',
  'samples/architectures/dit-s-2-512.onnx',
].map((name) => ({ name, bytes: () => read(name) }));

export const ARRAYS = [...within('samples', '.npy')].map((name) => ({
  name,
  bytes: () => read(name),
}));

export const PICTURES = [
  'samples/digits/samples.png',
  'docs/images/digits-grid.png',
  'samples/dit-digits/samples.png',
  'samples/flow-digits/samples.png',
].map((name) => ({ name, bytes: () => read(name) }));

/** The graphs that bundles are made of. */
export const UNET = TEXTS.find(({ name }) => name.includes('deepcache-uniform'));
export const TRANSFORMER = TEXTS.find(({ name }) => name.includes('attention-split'));
