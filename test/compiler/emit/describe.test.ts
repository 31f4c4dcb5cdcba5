/** What a report says of a small compilation, and which model a plan was made for. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkPlanSource, planSource } from '../../../src/compiler/emit/plan-source.js';
import { makeReport } from '../../../src/compiler/emit/report.js';
import {
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import type { PlanFile } from '../../../src/runtime/schedule/index.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { compileSites, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

/** A site of a product, whose strategies are named as every object's own members are. */
function compiled() {
  const model =
    modelOf(`g (float[3,4] x) => (float[3,4] y) <float[4,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}, int64[2] s = {3, 4}> {
  a = MatMul (x, w)
  y = Reshape (a, s)
}`);
  const produce: NonNullable<PlainSite['strategies'][string]['produce']> = (b) => [
    b.value(named(model, 'x')),
  ];
  const site: PlainSite = {
    id: 's',
    description: 'a product',
    outputs: [named(model, 'a')],
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, ''),
      strategyOf('constructor', '', { produce, program: 'toString' }),
    ]),
  };
  return compileSites(model, [site], [[COMPUTE], ['constructor'], ['constructor']], 'split');
}

test('a report counts calls, products, nodes and weights', () => {
  const compilation = compiled();
  const report = makeReport(
    { ...compilation, notes: ['a note'] },
    scheduleOf(compilation),
    new Map(),
  );
  expect(report.sites).toEqual([
    {
      id: 's',
      description: 'a product',
      calls: { compute: 1, constructor: 2 },
      macs: { compute: 48, constructor: 0 },
    },
  ]);
  expect(report.programs).toEqual({ full: { calls: 1 }, toString: { calls: 2 } });
  expect(report.source).toEqual({ file: 'source.onnx', nodes: 2, canonicalNodes: 2 });
  expect(report.notes).toEqual(['a note']);
  expect(report.unknownMacs).toEqual([]);
  expect(report.target).toBeUndefined();
  // 16 floats and 2 sizes, or the sizes alone
  const bytes = Object.values(report.models).map(({ weightBytes }) => weightBytes);
  expect(bytes.sort((a, b) => b - a)).toEqual([80, 16]);
});

test('a report says how weights came there, and what was done for a target', () => {
  const compilation = compiled();
  const entry = (rule: string) => ({ rule, node: 'n', opType: 'Conv', values: [], why: '' });
  const miss = { rule: 'toString', node: 'n', opType: 'Conv', reason: 'so' };
  const target = {
    name: 'engine',
    models: new Map([['full', { trace: ['a', 'toString', 'a'].map(entry), misses: [miss] }]]),
  };
  const weights = [{ file: 'w.bin', bytes: 7, used: 5, samples: '' }];
  const link = { modified: 'then', inode: '12' };
  const report = makeReport(
    { ...compilation, target },
    { ...scheduleOf(compilation), weights },
    new Map([['w.bin', { by: 'linked', samples: '', link }]]),
  );
  expect(report.weights).toEqual({
    'w.bin': { bytes: 7, by: 'linked', modified: 'then', inode: '12' },
  });
  expect(report.target).toEqual({
    name: 'engine',
    models: { full: { rewrites: { a: 2, toString: 1 }, left: [miss] } },
  });
});

test('a plan is refused for another model than it names', () => {
  const folder = scratchFolder('plan-source');
  const [model, other] = ['model.onnx', 'other.onnx'].map((name) => path.join(folder, name));
  fs.writeFileSync(model!, 'a model');
  fs.writeFileSync(other!, 'another');
  const named = planSource(model!);
  expect(named).toEqual({
    file: 'model.onnx',
    sha256: createHash('sha256').update('a model').digest('hex'),
  });
  const check = (plan: Partial<PlanFile>, file: string) => () =>
    checkPlanSource(plan as PlanFile, 'plan.json', file);
  expect(check({ model: named }, model!)).not.toThrow();
  expect(check({}, other!)).not.toThrow();
  expect(check({ model: named }, other!)).toThrow(
    expect.objectContaining({ code: 'PLAN_OTHER_MODEL' }),
  );
});
