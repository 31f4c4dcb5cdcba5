/** The arithmetic of a measurement; how long things take is nobody's to assert. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { benchBundle } from '../../../src/evidence/measure/index.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-bench-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

test.each([
  ['whole loops', Number.POSITIVE_INFINITY, 'loops'],
  ['each program once', 0, 'programs'],
] as const)('%s in turns: ratios are those of the schedule', async (_, wholeLoop, turns) => {
  const source = path.join(root, 'tiny.onnx');
  saveModel(modelOf(TINY_UNET), source);
  const compilation = await Pipeline.create({ calls: 7 })
    .use(deepcache, { branch: 1, interval: 3 })
    .compile(loadModel(source));
  const folder = path.join(root, turns);
  const { cost } = writeBundle(compilation, folder, { sourceFile: source });
  const rounds: [number, number][] = [];
  const report = await benchBundle({
    folder,
    model: source,
    rounds: 2,
    wholeLoop,
    threads: 1,
    shapes: { x: [1, 2, 8, 8] },
    onProgress: (done, all) => rounds.push([done, all]),
  });
  expect(rounds).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  expect(report.sizes).toEqual({ batch: 1, height: 8, width: 8 });
  const programs = Object.entries(report.programs);
  expect(Object.fromEntries(programs.map(([name, p]) => [name, p.calls]))).toEqual({
    full: 2,
    shallow: 4,
    'full-stateless': 1,
  });
  const { loop, source: plain } = report;
  expect(report.turns).toBe(turns);
  if (turns === 'programs') {
    expect(loop.milliseconds).toBeCloseTo(
      programs.reduce((sum, [, p]) => sum + p.calls * p.milliseconds, 0),
      9,
    );
    expect(loop.sourceMilliseconds).toBeCloseTo(7 * plain.milliseconds, 9);
  }
  expect(loop.speedup).toBeCloseTo(loop.sourceMilliseconds / loop.milliseconds, 9);
  // every figure is had from the samples
  const { samples } = report;
  expect(samples.source.map((round) => round.length)).toEqual(
    Array(2).fill(turns === 'loops' ? 7 : 1),
  );
  expect(samples.bundle.map((round) => round.length)).toEqual(
    Array(2).fill(samples.programs.length),
  );
  const total = (times: readonly number[]) => times.reduce((sum, time) => sum + time, 0);
  const ofRound = (round: number) =>
    turns === 'loops'
      ? total(samples.source[round]!) / total(samples.bundle[round]!)
      : (7 * samples.source[round]![0]!) /
        total(
          samples.bundle[round]!.map(
            (time, i) => report.programs[samples.programs[i]!]!.calls * time,
          ),
        );
  expect(loop.rounds.map((ratio) => ratio.toFixed(9))).toEqual(
    [0, 1].map((round) => ofRound(round).toFixed(9)),
  );
  expect(loop.worth).toBe('too few rounds');
  expect(report.doubts).toContainEqual(expect.stringContaining('--rounds'));
  for (const [name, p] of programs) {
    expect(p.quartiles[0]).toBeLessThanOrEqual(p.milliseconds);
    expect(p.quartiles[1]).toBeGreaterThanOrEqual(p.milliseconds);
    expect(p.milliseconds).toBeGreaterThan(0);
    expect(p.speedup).toBeCloseTo(plain.milliseconds / p.milliseconds, 9);
    const { source: all, programs: of } = cost!.macs!.convention.all;
    expect(p.macRatio.all).toBeCloseTo(all / of[name]!, 9);
  }
  expect([report.written, { steps: loop.steps, start: loop.start }]).toEqual(
    Array(2).fill({ steps: 7, start: 0 }),
  );
  expect(report.memory.peak).toBeGreaterThanOrEqual(report.memory.source);
});

test('the loop that is asked for is what is measured', async () => {
  const source = path.join(root, 'asked.onnx');
  saveModel(modelOf(TINY_UNET), source);
  const compilation = await Pipeline.create({ calls: 7 })
    .use(deepcache, { branch: 1, interval: 3 })
    .compile(loadModel(source));
  const folder = path.join(root, 'asked');
  const { cost } = writeBundle(compilation, folder, { sourceFile: source });
  const report = await benchBundle({
    folder,
    model: source,
    rounds: 1,
    threads: 1,
    shapes: { x: [1, 2, 8, 8] },
    loop: { steps: 9, start: 4 },
  });
  // full, shallow, shallow, full, shallow
  expect(
    Object.fromEntries(Object.entries(report.programs).map(([id, p]) => [id, p.calls])),
  ).toEqual({ full: 2, shallow: 3 });
  expect(report.loop).toMatchObject({ steps: 9, start: 4, calls: 5 });
  expect(report.written).toEqual({ steps: 7, start: 0 });
  const { source: all, programs } = cost!.macs!.convention.all;
  const mean = (2 * programs.full! + 3 * programs.shallow!) / 5;
  expect(report.loop.macRatio.all).toBeCloseTo(all / mean, 9);
});
