// A classifier as a judge of made pictures: their distance to the real ones of its data set, and how many are
// taken for the class that was asked for. The classifiers and the moments of the real pictures lie in
// samples/, with the script that made them.
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { ROOT } from '../../scripts/demo/common.mjs';
import { frechetDistance, moments } from './frechet.mjs';

const BATCH = 100;

/** @param {string} sample folder in samples/, such as `digits` */
export async function openJudge(sample) {
  const folder = path.join(ROOT, 'samples', sample);
  const { size, ...real } = JSON.parse(fs.readFileSync(path.join(folder, 'features.json'), 'utf8'));
  const session = await ort.InferenceSession.create(path.join(folder, 'classifier.onnx'));
  const pixels = size * size;

  /** Feature vectors and the class of each picture. */
  async function look(pictures) {
    const features = [];
    const classes = [];
    for (let start = 0; start < pictures.length; start += BATCH * pixels) {
      const part = pictures
        .slice(start, start + BATCH * pixels)
        .map((v) => Math.min(1, Math.max(-1, v)));
      const count = part.length / pixels;
      const feeds = { pictures: new ort.Tensor('float32', part, [count, 1, size, size]) };
      const out = await session.run(feeds);
      const [width, kinds] = [out.features.dims[1], out.logits.dims[1]];
      for (let i = 0; i < count; i++) {
        features.push(out.features.data.slice(i * width, (i + 1) * width));
        const logits = out.logits.data.slice(i * kinds, (i + 1) * kinds);
        classes.push(logits.indexOf(Math.max(...logits)));
      }
    }
    return { features, classes };
  }

  return {
    size,
    real,
    /**
     * @param {Float32Array} pictures [count, 1, size, size] in [-1, 1]
     * @param {readonly number[]} labels the class asked for, of each
     * @param {import('./frechet.mjs').Moments} [source] moments of the source's pictures
     */
    async judge(pictures, labels, source) {
      const { features, classes } = await look(pictures);
      const found = moments(features);
      return {
        moments: found,
        toReal: frechetDistance(found, real),
        toSource: source ? frechetDistance(found, source) : 0,
        accuracy: classes.filter((c, i) => c === labels[i]).length / classes.length,
      };
    },
    release: () => session.release(),
  };
}
