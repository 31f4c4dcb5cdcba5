/** Loops that a schedule was made for, and those that it was not. */
import { expect, test } from 'vitest';
import {
  type DenoiserPorts,
  fitLoop,
  type LoopDenoiser,
} from '../../../src/evidence/measure/denoise-bundle.js';

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
