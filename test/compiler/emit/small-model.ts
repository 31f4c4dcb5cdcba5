/** A compilation of a model of a few kilobytes, whose weights lie where a test wants them. */

import {
  COMPUTE,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { compileSites, encodeSorted } from '../../helpers/compile.js';
import { type Layout, writeLayout } from '../../helpers/layouts.js';
import { modelOf, named } from '../../helpers/text.js';

const numbers = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => ((i * seed) % 7) - 3).join(', ');

// w has 1,024 bytes, u 2,048
const MODEL = `g (float[3,16] x) => (float[3,32] y) <float[16,16] w = {${numbers(256, 5)}}, float[16,32] u = {${numbers(512, 3)}}> {
  a = MatMul (x, w)
  b = Relu (a)
  y = MatMul (b, u)
}`;

export const writeSmallModel = (folder: string, layout: Layout): string =>
  writeLayout(folder, encodeSorted(modelOf(MODEL)), layout);

/** One call that computes, and one that takes what it kept; the second never reads `w`. */
export function compileSmall(model: Model) {
  const value = named(model, 'a');
  const site: Site = {
    id: 's',
    description: '',
    outputs: [value],
    states: [{ id: 's.0', like: value }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, '', { writes: { 's.0': (b) => b.value(value) } }),
      strategyOf('reuse', '', {
        reads: ['s.0'],
        produce: (b) => [b.state('s.0')],
        program: 'shallow',
      }),
    ]),
  };
  return compileSites(model, [site], [[COMPUTE], ['reuse']], 'split');
}

export const compileFile = (file: string) => compileSmall(loadModel(file));
