/** Loops that a schedule was made for, and those that it was not. */
import { describe, expect, test } from 'vitest';
import { scheduleForLoop } from '../../../src/evidence/measure/asked-loop.js';
import {
  type DenoiserPorts,
  fitLoop,
  type LoopDenoiser,
} from '../../../src/evidence/measure/denoise-bundle.js';
import type { LoopRequest, Schedule } from '../../../src/runtime/schedule/index.js';

const BATCH = { order: 'cond-first', mode: 'batch' } as const;
const OTHER = { order: 'uncond-first', mode: 'batch' } as const;
const TWO = { order: 'cond-first', mode: 'two-calls' } as const;

type Pair = DenoiserPorts['guidance'];

test.each<
  [
    calls: number | undefined,
    made: Pair,
    needsPairs: boolean | undefined,
    steps: number,
    guidance: Pair,
    code: string,
  ]
>([
  // a plain model takes any loop
  [undefined, undefined, undefined, 7, TWO, 'fits'],
  [4, undefined, undefined, 4, undefined, 'fits'],
  [4, undefined, undefined, 3, undefined, 'RUN_STEPS'],
  [4, undefined, undefined, 5, undefined, 'RUN_STEPS'],
  [4, undefined, undefined, 4, BATCH, 'fits'],
  [4, BATCH, true, 4, BATCH, 'fits'],
  [4, BATCH, undefined, 4, BATCH, 'fits'],
  [4, BATCH, true, 4, OTHER, 'RUN_GUIDANCE'],
  [4, BATCH, undefined, 4, OTHER, 'RUN_GUIDANCE'],
  [4, BATCH, true, 4, TWO, 'RUN_GUIDANCE'],
  [4, BATCH, true, 4, undefined, 'RUN_GUIDANCE'],
  [4, BATCH, false, 4, OTHER, 'fits'],
  [4, BATCH, false, 4, undefined, 'fits'],
  [4, TWO, true, 2, TWO, 'fits'],
  [4, TWO, true, 4, TWO, 'RUN_STEPS'],
  [4, TWO, true, 2, { ...TWO, order: 'uncond-first' }, 'RUN_GUIDANCE'],
])(
  '%j calls, made for %j, needed %j: %i steps with %j: %s',
  (calls, guidance, needsPairs, steps, asked, code) => {
    const ports = {
      inputs: [],
      outputs: [],
      roles: {},
      bindings: new Map(),
      guidance,
      ...(needsPairs !== undefined && { needsPairs }),
    };
    const check = () =>
      fitLoop(
        { calls, ports } as unknown as LoopDenoiser,
        { all: steps, own: steps, start: 0 },
        asked,
      );
    if (code === 'fits') expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code }));
  },
);

test('a bundle runs from its first call on, and to its last but where another model takes over', () => {
  const ports = { inputs: [], outputs: [], roles: {}, bindings: new Map() };
  const codeOf = (calls: number | undefined, steps: Parameters<typeof fitLoop>[1]) => {
    try {
      fitLoop(
        { calls, ports, label: 'the bundle "b"' } as unknown as LoopDenoiser,
        steps,
        undefined,
      );
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'fits';
  };
  expect(codeOf(6, { all: 6, own: 6, start: 2 })).toBe('RUN_START');
  expect(codeOf(undefined, { all: 6, own: 6, start: 2 })).toBe('fits');
  expect(codeOf(6, { all: 6, own: 4, start: 0 })).toBe('fits');
  expect(codeOf(4, { all: 6, own: 4, start: 0 })).toBe('fits');
  expect(codeOf(5, { all: 6, own: 4, start: 0 })).toBe('RUN_STEPS');
});

describe('a schedule for a loop that is asked for', () => {
  const base = { calls: ['a', 'a', 'a'], source: {} };
  const label = 'the bundle "b"';
  const codeOf = (schedule: object, request: LoopRequest) => {
    try {
      return scheduleForLoop(schedule as Schedule, request, label).calls.length;
    } catch (error) {
      expect((error as Error).message).toMatch(/schedule|the bundle "b"/);
      return (error as { code: string }).code;
    }
  };

  test.each<[string, object, LoopRequest, number | string]>([
    ['its own', {}, {}, 3],
    ['its own by number', {}, { steps: 3, start: 0 }, 3],
    ['more steps', {}, { steps: 4 }, 'RUN_STEPS'],
    ['from the middle', {}, { start: 1 }, 'RUN_START'],
    ['from the middle of its own', { loop: { steps: 5, start: 2 } }, {}, 3],
    ['and by number', { loop: { steps: 5, start: 2 } }, { steps: 5, start: 2 }, 3],
    ['from elsewhere', { loop: { steps: 5, start: 2 } }, { start: 3 }, 'RUN_START'],
    // with a number of steps a loop begins at its first
    ['from the first on', { loop: { steps: 5, start: 2 } }, { steps: 5 }, 'RUN_START'],
    ['of more steps', { loop: { steps: 5, start: 2 } }, { steps: 6, start: 2 }, 'RUN_STEPS'],
  ])('that lists its calls: %s', (_, more, request, wanted) => {
    expect(codeOf({ ...base, ...more }, request)).toBe(wanted);
  });

  test('a loop runs where a list begins in the middle, and only there', () => {
    const ports = { inputs: [], outputs: [], roles: {}, bindings: new Map() };
    const denoiser = { calls: 3, ports, written: { steps: 5, start: 2 } };
    const taking = (steps: Parameters<typeof fitLoop>[1]) => () =>
      fitLoop(denoiser as unknown as LoopDenoiser, steps, undefined);
    expect(taking({ all: 5, own: 5, start: 2 })).not.toThrow();
    expect(taking({ all: 5, own: 5, start: 0 })).toThrow(
      expect.objectContaining({ code: 'RUN_START' }),
    );
    // its own part of a loop in which another model takes over
    expect(taking({ all: 9, own: 3, start: 0 })).not.toThrow();
  });

  test('one that serves any loop takes up what is asked, and keeps to its own part of one', () => {
    const ports = { inputs: [], outputs: [], roles: {}, bindings: new Map() };
    const asked: LoopRequest[] = [];
    const written = { steps: 6, start: 0 };
    const plan = (request: LoopRequest) => asked.push(request);
    const denoiser = { calls: 2, ports, written, plan } as unknown as LoopDenoiser;
    const places = { timesteps: [3, 2, 1], logSnr: [0, 1, 2] };
    fitLoop(denoiser, { all: 5, own: 5, start: 2 }, undefined, places);
    fitLoop(denoiser, { all: 9, own: 6, start: 0 }, undefined, places);
    fitLoop(denoiser, { all: 9, own: 4, start: 0 }, undefined, places);
    expect(asked).toEqual([
      { steps: 5, start: 2, ...places },
      {},
      { steps: 9, start: 0, ...places },
    ]);
  });
});
