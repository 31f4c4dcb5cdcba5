/** States of every element type, saved and restored: the same bits, in memory of their own. */
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { ElementType, Schedule, State } from '../../../src/runtime/schedule/index.js';
import { checkSaved } from '../../../src/runtime/session/check-saved.js';
import { identityOf } from '../../../src/runtime/session/identity.js';
import type { SavedData, SavedImage } from '../../../src/runtime/session/index.js';
import { States } from '../../../src/runtime/session/states.js';
import { nothingSeen } from '../../../src/runtime/session/watch-memory.js';
import { split } from './tiny-bundles.js';

const ELEMENTS: Record<ElementType, SavedData> = {
  float32: Float32Array.of(1.5, -0, Number.NaN),
  // bits of 1.5, minus infinity and a subnormal
  float16: Uint16Array.of(0x3e00, 0xfc00, 0x0001),
  float64: Float64Array.of(1.1, -2, Number.MIN_VALUE),
  int8: Int8Array.of(-1, 2, -128),
  uint8: Uint8Array.of(255, 0, 7),
  int16: Int16Array.of(-1, 2, -32768),
  uint16: Uint16Array.of(65535, 0, 7),
  int32: Int32Array.of(-1, 2, -(2 ** 31)),
  uint32: Uint32Array.of(2 ** 32 - 1, 0, 7),
  int64: BigInt64Array.of(-1n, 2n, -(2n ** 63n)),
  uint64: BigUint64Array.of(2n ** 64n - 1n, 0n, 7n),
  bool: Uint8Array.of(1, 0, 1),
  string: ['a', '', 'é'],
  // two to a byte
  int4: Uint8Array.of(0x21, 0x0f),
  uint4: Uint8Array.of(0x21, 0x0f),
};

function scheduleOf(state: State): Schedule {
  const { schedule } = split();
  return { ...schedule, states: { deep: state } };
}

const bitsOf = ({ data }: Tensor) =>
  ArrayBuffer.isView(data)
    ? [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
    : [...data];

describe.each(Object.keys(ELEMENTS) as ElementType[])('a state of %s', (type) => {
  const schedule = scheduleOf({ type, shape: ['batch', 3] });
  const make = () => new Tensor(type, ELEMENTS[type] as never, [1, 3]);
  const hold = () => {
    const states = new States({ Tensor } as never, schedule);
    states.commit(new Map([['deep', make()]]), new Map([['batch', 1]]), 0);
    return states;
  };

  it('comes back as it was', async () => {
    const held = hold();
    const saved = structuredClone(await held.save());
    const image: SavedImage = {
      format: 'stepfold.image',
      version: 1,
      schedule: identityOf(schedule),
      callIndex: 1,
      states: saved,
      watch: nothingSeen(false),
    };
    expect(() => checkSaved(image, schedule)).not.toThrow();
    const restored = new States({ Tensor } as never, schedule);
    restored.restore(saved);
    const tensor = restored.read('deep', new Map([['batch', 1]]), 1);
    expect([tensor.type, tensor.dims]).toEqual([type, [1, 3]]);
    expect(bitsOf(tensor)).toEqual(bitsOf(make()));
    expect(() => restored.read('deep', new Map([['batch', 2]]), 1)).toThrow(
      expect.objectContaining({ code: 'STATE_SHAPE_CHANGED' }),
    );
  });
});

describe('a tensor that several states hold', () => {
  const { schedule } = split();
  const state = schedule.states['deep']!;
  const history: Schedule = {
    ...schedule,
    states: { deep: state, before: { ...state, follows: 'deep' } },
  };
  const one = new Map([['batch', 1]]);

  it('is saved once, and held once', async () => {
    const states = new States({ Tensor } as never, history);
    const tensor = new Tensor('float32', [1, 2], [1, 2]);
    states.commit(new Map([['deep', tensor]]), one, 0);
    const saved = structuredClone(await states.save());
    expect(saved['deep']!.data).toBe(saved['before']!.data);
    expect(saved['deep']!.data).not.toBe(tensor.data);
    const restored = new States({ Tensor } as never, history);
    restored.restore(saved);
    expect(restored.read('deep', one, 1)).toBe(restored.read('before', one, 1));
    expect(restored.read('deep', one, 1).data).not.toBe(saved['deep']!.data);
  });
});
