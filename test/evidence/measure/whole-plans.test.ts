/** Models that hold a plan, or a loop, are found out where their tables are not what the schedule says. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forecast } from '../../../passes/forecast/index.js';
import { sha256, writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import {
  float32Tensor,
  float64Tensor,
  int64Tensor,
  readNumbers,
  type Tensor,
} from '../../../src/model/ir/tensor.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../src/node.js';
import { textModel } from '../../helpers/loops.js';
import { modelOf } from '../../helpers/text.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-whole-plans-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const source = path.join(root, 'text.onnx');
const STEPS = 6;

beforeAll(() => saveModel(modelOf(textModel()), source));

async function build(name: string): Promise<string> {
  const folder = path.join(root, name);
  const compilation = await Pipeline.create({
    calls: STEPS,
    emit: 'loop',
    whole: { sampler: { name: 'ddim', options: { steps: STEPS } } },
  })
    .use(forecast, { interval: 2, order: 1 })
    .compile(loadModel(source));
  writeBundle(compilation, folder, { sourceFile: source });
  return folder;
}

/** Changes a table of a model, and the hash that the schedule has of the file. */
function change(
  folder: string,
  id: string,
  table: (name: string) => boolean,
  to: (t: Tensor) => Tensor,
) {
  const file = path.join(folder, `${id}.onnx`);
  const model = loadModel(file);
  const found = [...model.graph.initializers].filter(({ name }) => table(name));
  expect(found.length).toBeGreaterThan(0);
  for (const value of found) model.graph.setInitializer(value, to(value.initializer!));
  saveModel(model, file);
  const at = path.join(folder, 'schedule.json');
  const schedule = JSON.parse(fs.readFileSync(at, 'utf8'));
  schedule.models[id].sha256 = sha256(file);
  fs.writeFileSync(at, JSON.stringify(schedule));
}

const verify = (folder: string) => verifyBundle({ folder, model: source, levels: ['disabled'] });

test('as it was made, it passes, the whole loop too', async () => {
  const { passed, checks, loop } = await verify(await build('right'));
  expect(passed).toBe(true);
  // no call stands for another
  expect(loop.combinations).toBe(STEPS);
  const [whole, ...others] = checks.filter(({ kind }) => kind === 'whole');
  expect(others).toEqual([]);
  expect(whole!.relative).toBeLessThan(2e-6);
});

describe('is found out', () => {
  test('weights of a forecast at another call', async () => {
    const folder = await build('weights');
    change(
      folder,
      'stateful',
      (name) => name.includes('weights.calls'),
      (tensor) => {
        const numbers = readNumbers(tensor);
        // the last call that forecasts, and that one alone
        numbers[numbers.findLastIndex((weight) => weight !== 0)]! += 0.5;
        return float32Tensor(numbers, [...tensor.dims]);
      },
    );
    expect((await verify(folder)).passed).toBe(false);
  });

  test('a counter that skips a call: only who feeds back sees that', async () => {
    const folder = await build('counter');
    change(
      folder,
      'stateful',
      (name) => name.endsWith('call.following'),
      (tensor) => {
        const numbers = readNumbers(tensor);
        numbers[1] = 3;
        return int64Tensor(numbers, [...tensor.dims]);
      },
    );
    const { passed, statements, checks } = await verify(folder);
    expect(passed).toBe(false);
    expect(checks.filter(({ kind }) => kind === 'loop').every((check) => check.passed)).toBe(true);
    expect(statements.map(({ path: at }) => at)).toContain('/emit');
  });

  test('a loop whose sampler steps otherwise', async () => {
    const folder = await build('sampler');
    change(
      folder,
      'loop',
      (name) => name.startsWith('loop.constant'),
      (tensor) => {
        if (tensor.dtype !== 'float64' || tensor.dims.join() !== String(STEPS)) return tensor;
        const numbers = readNumbers(tensor);
        return float64Tensor(
          numbers.map((value, step) => (step === 2 ? value * 1.01 : value)),
          [STEPS],
        );
      },
    );
    const { passed, checks } = await verify(folder);
    expect(passed).toBe(false);
    expect(checks.filter((check) => !check.passed).map(({ kind }) => kind)).toEqual(['whole']);
  });
});
