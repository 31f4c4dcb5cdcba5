/**
 * Emitted models under Δ-DiT are what its equation says: calls with inputs of their own, and whole
 * denoising runs, against the plain loops beside this file; alone, and with attention strategies in the
 * blocks that are left.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { deltaCache, ditfastattn } from '../../passes/index.js';
import type { EmitForm } from '../../src/compiler/lower/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import type { GuidancePair } from '../../src/runtime/schedule/index.js';
import type { ScheduledSession } from '../../src/runtime/session/index.js';
import { EMITS, EXACT, openSession } from '../helpers/compile.js';
import { fullAttention } from './attention.js';
import { nextOutput, type Run, runDenoising } from './bundle.js';
import { denoiseByDdim } from './ddim.js';
import { always, DeltaDit, type DeltaRule, frontAndRear } from './delta-dit.js';
import { DIGITS_FILE, NO_CLASS, noiseImages } from './digits.js';
import { type AttentionModule, predictNoise } from './dit.js';
import { FastAttention } from './ditfastattn.js';
import { flat, type Matrix, relativeError } from './numbers.js';
import { planOf, type Rows } from './plans.js';
import { readDitWeights } from './weights.js';

const TOLERANCE = 1e-5;
const weights = readDitWeights(DIGITS_FILE);
const attention: AttentionModule = (layer, inputs) =>
  inputs.map((x) => fullAttention(x, weights.blocks[layer]!.attention));

interface Loop {
  readonly calls: number;
  readonly guidance?: GuidancePair;
  /** Of every attention, by call. */
  readonly attention?: Rows;
}

async function open(options: object, emit: EmitForm, loop: Loop): Promise<ScheduledSession> {
  const { attention: rows, ...rest } = loop;
  const sites = rows?.[0]?.map((_, n) => [`attention.${n}`, rows.map((row) => row[n]!)] as const);
  const pipeline = Pipeline.create({
    ...rest,
    emit,
    ...(sites && {
      plan: {
        format: 'stepfold.plan',
        version: 1,
        calls: loop.calls,
        sites: Object.fromEntries(sites),
      },
    }),
  });
  const compilation = await (rows ? pipeline.use(ditfastattn) : pipeline)
    .use(deltaCache, options)
    .compile(loadModel(DIGITS_FILE));
  return openSession(compilation, { sessionOptions: { ...EXACT, intraOpNumThreads: 1 } });
}

describe('calls with inputs of their own', () => {
  const CASES: [string, object, DeltaRule][] = [
    [
      'two blocks, the boundary in the middle',
      { interval: 2, blocks: 2 },
      { ...frontAndRear(2), boundary: 3, interval: 2 },
    ],
    [
      'front and rear overlap',
      { interval: 3, blocks: 5, boundary: 2 },
      { ...frontAndRear(5), boundary: 2, interval: 3 },
    ],
    [
      'and meet',
      { interval: 3, blocks: 3, boundary: 1 },
      { ...frontAndRear(3), boundary: 1, interval: 3 },
    ],
    [
      'only fronts',
      { interval: 6, blocks: 4, boundary: 0 },
      { ...frontAndRear(4), boundary: 0, interval: 6 },
    ],
    [
      'only rears',
      { interval: 6, blocks: 4, boundary: 6 },
      { ...frontAndRear(4), boundary: 6, interval: 6 },
    ],
    ['all blocks', { interval: 2, blocks: 6 }, { ...always(0, 5), interval: 2 }],
    ['a range', { interval: 3, range: '1-3' }, { ...always(1, 3), interval: 3 }],
    [
      'outputs in place of deviations',
      { interval: 3, blocks: 4, boundary: 2, strategy: 'reuse' },
      { ...frontAndRear(4), boundary: 2, interval: 3, naive: true },
    ],
  ];

  const labels = [7];
  const images = (call: number) => noiseImages(50 + call, labels.length);
  const timestep = (call: number) => 900 - 150 * call;
  const calls = Array.from({ length: 6 }, (_, call) => call);
  const predicted = (way?: DeltaDit) =>
    calls.map((call) =>
      flat(predictNoise(weights, images(call), timestep(call), labels, attention, way?.next())),
    );

  let source: Matrix[];
  beforeAll(() => {
    source = predicted();
  });

  test.each(CASES)('%s', async (_, options, rule) => {
    const expected = predicted(new DeltaDit(rule));
    // what is replaced matters, or any cut would pass
    for (const call of calls) {
      const distance = relativeError(expected[call]!, source[call]!);
      if (call % rule.interval === 0) expect(distance).toBe(0);
      else expect(distance).toBeGreaterThan(1e-2);
    }
    for (const emit of EMITS) {
      const session = await open(options, emit, { calls: calls.length });
      // a second image knows nothing of the first
      for (const image of [1, 2]) {
        for (const call of calls) {
          const actual = await nextOutput(session, images(call), timestep(call), labels);
          const what = `${emit}, image ${image}, call ${call}`;
          expect(relativeError(actual, expected[call]!), what).toBeLessThan(TOLERANCE);
        }
        session.reset();
      }
      await session.release();
    }
  });

  test('the halves of a pair in calls of their own keep deviations of their own', async () => {
    const guidance = { order: 'uncond-first', mode: 'two-calls' } as const;
    const rule = { ...frontAndRear(4), boundary: 1, interval: 2 };
    const halves = [new DeltaDit(rule), new DeltaDit(rule)];
    const label = (call: number) => [call % 2 === 0 ? NO_CLASS : 4];
    const expected = calls.map((call) =>
      flat(
        predictNoise(
          weights,
          images(call),
          timestep(call),
          label(call),
          attention,
          halves[call % 2]!.next(),
        ),
      ),
    );
    for (const emit of EMITS) {
      const options = { interval: 2, blocks: 4, boundary: 1 };
      const session = await open(options, emit, { calls: calls.length, guidance });
      for (const call of calls) {
        const actual = await nextOutput(session, images(call), timestep(call), label(call));
        expect(relativeError(actual, expected[call]!), `${emit}, call ${call}`).toBeLessThan(
          TOLERANCE,
        );
      }
      await session.release();
    }
  });
});

describe('the same inputs at every call', () => {
  const [image] = noiseImages(3, 1) as [Matrix];

  test.each([
    { interval: 3, blocks: 2, boundary: 2 },
    { interval: 3, blocks: 5, boundary: 2 },
    { interval: 3, range: '2-4' },
    { interval: 3, blocks: 5, boundary: 2, strategy: 'reuse' },
  ])('what was kept changes nothing: %j', async (options) => {
    for (const emit of EMITS) {
      const session = await open(options, emit, { calls: 3 });
      const [full, ...others] = [
        await nextOutput(session, [image], 500, [2]),
        await nextOutput(session, [image], 500, [2]),
        await nextOutput(session, [image], 500, [2]),
      ];
      for (const other of others) expect(relativeError(other, full!)).toBeLessThan(TOLERANCE);
      await session.release();
    }
  });
});

describe('attention strategies in the blocks that are left', () => {
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  // layers 4 and 5 rest in early steps, 0 and 1 in late ones, and what they kept stays as it was
  const plan = planOf('cwrwrb', 'crwbrw', 'cgrwbr', 'cwbrgr', 'crwwbr', 'cbrgrw');
  const rule = { ...frontAndRear(2), boundary: 3, interval: 3 };
  const options = { interval: 3, blocks: 2, boundary: 3 };
  const labels = [6, NO_CLASS];
  const images = (call: number) => noiseImages(80 + call, labels.length);
  const timestep = (call: number) => 900 - 150 * call;
  let expected: Matrix[];

  beforeAll(() => {
    const fast = new FastAttention(weights, 18);
    const delta = new DeltaDit(rule);
    expected = plan.map((row, call) =>
      flat(
        predictNoise(weights, images(call), timestep(call), labels, fast.call(row), delta.next()),
      ),
    );
  });

  test.each(EMITS)('%s', async (emit) => {
    const session = await open(options, emit, { calls: plan.length, guidance, attention: plan });
    for (const [call, output] of expected.entries()) {
      const actual = await nextOutput(session, images(call), timestep(call), labels);
      expect(relativeError(actual, output), `call ${call}`).toBeLessThan(TOLERANCE);
    }
    await session.release();
  });
});

describe('a whole denoising', () => {
  /** Ten times what one call may err, each step scaling by the guidance, as in denoising.test.ts. */
  const LOOP_TOLERANCE = 1e-4;
  const SCALE = 2;
  const STEPS = 7;
  const rule = { ...frontAndRear(4), boundary: 3, interval: 2 };
  const options = { interval: 2, blocks: 4 };
  const labels = [3];
  const noise = noiseImages(9, labels.length);
  let expected: { batch: Run; 'two-calls': Run };

  beforeAll(() => {
    const [conditional, unconditional] = [new DeltaDit(rule), new DeltaDit(rule)];
    const halves: Matrix[] = [];
    const image = denoiseByDdim(noise, STEPS, SCALE, (images, timestep) => {
      const half = (classes: readonly number[], delta: DeltaDit) => {
        const seen = predictNoise(weights, images, timestep, classes, attention, delta.next());
        halves.push(flat(seen));
        return seen;
      };
      return {
        conditional: half(labels, conditional),
        unconditional: half(
          labels.map(() => NO_CLASS),
          unconditional,
        ),
      };
    });
    const pairs = Array.from({ length: STEPS }, (_, step) =>
      flat(halves.slice(2 * step, 2 * step + 2)),
    );
    expected = {
      batch: { calls: pairs, image: flat(image) },
      'two-calls': { calls: halves, image: flat(image) },
    };
  });

  test.each([
    ['batch', 'split'],
    ['batch', 'merged'],
    ['batch', 'chain'],
    ['two-calls', 'split'],
    ['two-calls', 'merged'],
    ['two-calls', 'chain'],
  ] as const)('%s, %s', async (mode, emit) => {
    const guidance = { order: 'cond-first', mode } as const;
    const calls = mode === 'batch' ? STEPS : 2 * STEPS;
    const session = await open(options, emit, { calls, guidance });
    const actual = await runDenoising(session, guidance, noise, labels, {
      steps: STEPS,
      scale: SCALE,
    });
    await session.release();
    const { calls: outputs, image } = expected[mode];
    expect(actual.calls).toHaveLength(outputs.length);
    for (const [call, output] of actual.calls.entries())
      expect(relativeError(output, outputs[call]!), `call ${call}`).toBeLessThan(LOOP_TOLERANCE);
    expect(relativeError(actual.image, image)).toBeLessThan(LOOP_TOLERANCE);
  });
});
