/** Idle threads of sessions that take turns are told to sleep; nobody else's setting is touched. */
import type { InferenceSession } from 'onnxruntime-common';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ScheduledSession } from '../../../src/runtime/session/index.js';
import { withoutSpinning } from '../../../src/runtime/session/spinning.js';
import { chain, merged, split, type TinyBundle } from './tiny-bundles.js';

describe('spinning', () => {
  test('is off beside other settings', () => {
    const options = {
      logSeverityLevel: 3,
      extra: { session: { disable_prepacking: '1' } },
    } as const;
    expect(withoutSpinning(options)).toEqual({
      logSeverityLevel: 3,
      extra: { session: { disable_prepacking: '1', intra_op: { allow_spinning: '0' } } },
    });
  });

  test.each([
    { extra: { session: { intra_op: { allow_spinning: '1' } } } },
    { extra: { 'session.intra_op.allow_spinning': '1' } },
  ])('stays as the caller wants it: %j', (options) => {
    expect(withoutSpinning(options)).toBe(options);
  });

  test.each([
    ['split', split, true],
    ['chain', chain, true],
    ['merged', merged, false],
  ] as const)('of a %s bundle', async (_, make: () => TinyBundle, off) => {
    const seen: (InferenceSession.SessionOptions | undefined)[] = [];
    const engine = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create(
          model: string | Uint8Array | ArrayBuffer,
          options?: InferenceSession.SessionOptions,
        ) {
          seen.push(options);
          return ort.InferenceSession.create(model as Uint8Array, options);
        },
      },
    };
    const { schedule, files } = make();
    const session = await ScheduledSession.create(engine as never, {
      schedule,
      open: (file) => files[file]!,
    });
    await session.release();
    expect(seen.length).toBeGreaterThan(0);
    for (const options of seen) expect(options?.extra !== undefined).toBe(off);
  });
});
