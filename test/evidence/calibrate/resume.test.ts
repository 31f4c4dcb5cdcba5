/** What an interrupted search leaves behind, and who may go on with it. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  partialFile,
  readPartial,
  removePartial,
  searchIdentity,
  writePartial,
} from '../../../src/evidence/calibrate/resume.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { scratchFolder } from '../../cli/stepfold.js';

const UNET = 'samples/digits/digits-unet.onnx';
const folder = scratchFolder('resume');
const planIn = (name: string) => path.join(folder, name);

const label = (...values: number[]) => ({
  label: new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]) as never,
});
const identity = (options: Record<string, unknown> = {}, file = UNET, feeds = label(1, 2)) =>
  searchIdentity(file, loadModel(file), { calls: 4, seed: 0, ...options }, { feeds });

const CALL = { row: ['compute', 'reuse'], losses: [null, 0.1], attempts: 3, evaluations: 2.5 };

test('where nothing was interrupted, nothing is decided', () => {
  expect(readPartial(planIn('none.json'), identity())).toEqual({ decided: [], seconds: 0 });
});

test('what was written is read, until it is removed', () => {
  const plan = planIn('plan.json');
  writePartial(plan, identity(), { decided: [CALL], seconds: 1.5 });
  expect(readPartial(plan, identity())).toEqual({ decided: [CALL], seconds: 1.5 });
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('plan'))).toEqual([
    'plan.json.partial.json',
  ]);
  removePartial(plan);
  expect(readPartial(plan, identity()).decided).toEqual([]);
});

test('what a search of full steps has measured goes along, to the last bit', () => {
  const plan = planIn('measured.json');
  const measured = { 'gain 2': [1 / 3], 'errors order 1 2 3': [0, Math.PI, Number.MAX_VALUE] };
  writePartial(plan, identity(), { decided: [], measured, seconds: 1 });
  expect(readPartial(plan, identity()).measured).toEqual(measured);
  const file = partialFile(plan);
  const broken = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...broken, measured: { 'gain 2': [null] } }));
  expect(() => readPartial(plan, identity())).toThrow(
    expect.objectContaining({ code: 'CALIBRATE_PARTIAL' }),
  );
});

describe('another search is refused, naming what differs', () => {
  const other = path.join(folder, 'other.onnx');
  fs.copyFileSync('samples/dit-digits/dit-digits.onnx', other);

  test.each([
    ['calls', identity({ calls: 5 })],
    ['seed', identity({ seed: 1 })],
    ['window', identity({ window: 3 })],
    ['feeds', identity({}, UNET, label(1, 3))],
    ['feeds', identity({}, UNET, label(1, 2, 2))],
    ['model', identity({}, other)],
  ])('%s', (name, now) => {
    const plan = planIn('refused.json');
    writePartial(plan, identity(), { decided: [CALL], seconds: 1 });
    expect(() => readPartial(plan, now)).toThrow(
      expect.objectContaining({
        code: 'CALIBRATE_OTHER_SEARCH',
        message: expect.stringContaining(`what differs: ${name}`),
        details: expect.objectContaining({ file: partialFile(plan) }),
      }),
    );
  });
});

test.each([
  ['no JSON', '{"format": "stepfold.calib'],
  ['something else', '{"format": "stepfold.plan", "version": 1}'],
  ['nothing', 'null'],
  ['a call that is none', JSON.stringify({ format: 'stepfold.calibration-partial', version: 1 })],
  ...[null, {}, { ...CALL, row: [null, null] }, { ...CALL, losses: [0.1] }].map(
    (call): [string, string] => [
      `the call ${JSON.stringify(call)}`,
      JSON.stringify({
        format: 'stepfold.calibration-partial',
        version: 1,
        search: {},
        decided: [call],
        seconds: 1,
      }),
    ],
  ),
])('a file that holds %s is refused', (_, text) => {
  const plan = planIn('broken.json');
  fs.writeFileSync(partialFile(plan), text);
  expect(() => readPartial(plan, identity())).toThrow(
    expect.objectContaining({ code: 'CALIBRATE_PARTIAL' }),
  );
});
