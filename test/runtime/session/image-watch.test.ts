/**
 * Where one image ends and the next begins. What is right is acted out by hand: of each call it is known
 * which image it belongs to, and a call that comes behind one of another image, with nothing between them
 * that starts anew, is wrong.
 */
import fc from 'fast-check';
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it, test } from 'vitest';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import type { NewImage } from '../../../src/runtime/session/denoiser.js';
import { ImageWatch } from '../../../src/runtime/session/image-watch.js';
import { readTimestep } from '../../../src/runtime/session/timestep.js';
import { split } from './tiny-bundles.js';

/** A schedule of so many calls, each of which reads what the one before kept. */
function scheduleOf(calls: number, guidance?: Schedule['source']['guidance']): Schedule {
  const { schedule } = split();
  const { shallow, full } = schedule.programs;
  return {
    ...schedule,
    source: {
      ...schedule.source,
      inputs: [
        { name: 'x', type: 'float32', shape: ['batch', 'width'] },
        { name: 't', type: 'float64', shape: [1] },
      ],
      roles: { latent: 'x', timestep: 't' },
      ...(guidance && { guidance }),
    },
    programs: { full: full!, shallow: shallow! },
    calls: ['full', ...Array<string>(calls - 1).fill('shallow')],
  };
}
const PAIRS = { order: 'cond-first', mode: 'two-calls' } as const;

interface Fed {
  readonly t: number;
  /** Rows of the latent, and columns. */
  readonly size?: readonly [number, number];
}

const zeros = (dims: readonly number[]) =>
  new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
const feedsOf = ({ t, size = [1, 2] }: Fed) => ({
  x: zeros(size),
  t: new Tensor('float64', Float64Array.of(t), [1]),
});

/** What a session does with calls in a row: the index of each in its image, or the code of an error, which ends it. */
function follow(schedule: Schedule, fed: readonly Fed[], mode: NewImage = 'timestep') {
  const watch = new ImageWatch(schedule, mode);
  let next = 0;
  const seen: (number | string)[] = [];
  for (const one of fed) {
    try {
      if (watch.begins(feedsOf(one), next)) {
        watch.begin(next, true);
        next = 0;
      }
      if (next === schedule.calls.length) return [...seen, 'SCHEDULE_EXHAUSTED'];
    } catch (error) {
      return [...seen, (error as { code: string }).code];
    }
    watch.note(feedsOf(one), next);
    seen.push(next);
    next += 1;
  }
  return seen;
}
const times = (...timesteps: number[]): Fed[] => timesteps.map((t) => ({ t }));
const MIXED = 'SESSION_IMAGES_MIXED';

/** Timesteps of one image, by the sampler. */
const heun = (list: readonly number[]) => list.flatMap((t, i) => (i === 0 ? [t] : [t, t]));
const LOOPS: [string, number[], Schedule['source']['guidance']?][] = [
  ['equal strides', [981, 961, 941, 921, 901, 881, 861, 841]],
  ['Karras, in whole numbers', [999, 740, 500, 300, 150, 60, 20, 5, 3, 1, 1, 0, 0]],
  ['pseudo-linear multistep', [981, 961, 961, 941, 921, 901]],
  ['Heun', heun([80.5, 40.25, 11, 2.5, 0.3, 0.002])],
  ['a flow from 1 to 0', [1, 0.9375, 0.875, 0.75, 0.5, 0.25, 0.125]],
  ['log of sigma', [1.09, 0.7, 0.2, -0.4, -1.1, -1.55]],
  ['a flow from 0 to 1', [0, 0.125, 0.25, 0.5, 0.75, 0.875]],
  ['log of signal to noise', [-20, -11.5, -3, 2, 9, 20]],
  ['guidance in two calls', [981, 981, 961, 961, 941, 941, 921, 921], PAIRS],
  ['guidance in two calls, Heun', heun([9, 7.5, 5]).flatMap((t) => [t, t]), PAIRS],
];

describe.each(LOOPS)('%s', (_name, list, guidance) => {
  const schedule = scheduleOf(list.length, guidance);
  const indices = [...list.keys()];
  const callsOfStep = Math.max(...list.map((t) => list.filter((other) => other === t).length));

  it('is one image after the other, whole', () => {
    const fed = times(...list, ...list, ...list);
    expect(follow(schedule, fed)).toEqual([...indices, ...indices, ...indices]);
  });

  it.each(indices.slice(1))('left after call %i is another image, or refused', (calls) => {
    const found = follow(schedule, times(...list.slice(0, calls), ...list));
    const before = indices.slice(0, calls);
    // the first timestep twice is told from a measurement by what follows; of a pair it is the second half
    const isLate = calls <= (guidance ? 2 : 1);
    if (isLate) expect(found.at(-1)).toMatch(/MIXED|TURNS/);
    else expect(found).toEqual([...before, ...indices]);
  });

  it("is refused with 'error', and never looked at with 'reset'", () => {
    const fed = times(...list.slice(0, -1), ...list);
    const before = indices.slice(0, -1);
    expect(follow(schedule, fed, 'error')).toEqual([...before, 'SESSION_NEW_IMAGE']);
    expect(follow(schedule, fed, 'reset')).toEqual([...indices, 'SCHEDULE_EXHAUSTED']);
  });

  it('of two images in turns, none gets a state of the other without a word', () => {
    const turns = fc.array(fc.boolean(), { minLength: 2, maxLength: 4 * list.length });
    fc.assert(
      fc.property(turns, (order) => {
        const made = [0, 0];
        const calls = order.flatMap((second) => {
          const image = Number(second);
          const own = made[image]!++;
          return own < list.length ? [{ image, own }] : [];
        });
        const found = follow(schedule, times(...calls.map(({ own }) => list[own]!)));
        let begun = 0;
        let mixes = 0;
        for (const [i, index] of found.entries()) {
          if (typeof index === 'string') break;
          if (index === 0) begun = i;
          const { image, own } = calls[i]!;
          const mixed = calls.slice(begun, i).some((call) => call.image !== image);
          mixes += Number(mixed);
          // two that stand in one step cannot be told apart by it
          if (mixed && Math.abs(own - index) > callsOfStep)
            throw new Error(`call ${i} of image ${image}, its call ${own}, is taken for ${index}`);
        }
        // but none of them comes to its end
        if (mixes > 0 && made.every((calls) => calls >= list.length))
          expect(found.at(-1)).toBeTypeOf('string');
      }),
      { numRuns: 600, seed: 11 },
    );
  });
});

describe('in turns', () => {
  const schedule = scheduleOf(8);
  it.each<[string, number[], (number | string)[]]>([
    ['from the start: one late', [9, 9, 8], [0, 1, MIXED]],
    ['one step apart', [9, 8, 9, 7], [0, 1, 0, MIXED]],
    ['with another beginning', [9, 8, 7, 9.5, 6], [0, 1, 2, 0, MIXED]],
    ['with another beginning, at once', [8, 9, 7], [0, 0, MIXED]],
    ['back to the middle', [9, 8, 7, 6, 8.5], [0, 1, 2, 3, MIXED]],
    ['at the same call: one late', [90, 80, 70, 90, 80, 70, 60, 60], [0, 1, 2, 0, 1, 2, 3, MIXED]],
  ])('%s', (_name, list, found) => {
    expect(follow(schedule, times(...list))).toEqual(found);
  });

  it('with a restart of the sampler, unless the session is told', () => {
    expect(follow(schedule, times(9, 7, 5, 6, 4))).toEqual([0, 1, 2, MIXED]);
    expect(follow(schedule, times(9, 7, 5, 6, 4), 'reset')).toEqual([0, 1, 2, 3, 4]);
  });

  it('not where the same is fed all the time, as when it is measured', () => {
    expect(follow(schedule, times(9, 9, 9, 9, 9, 9, 9, 9))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('of the halves of a pair', () => {
    const pairs = scheduleOf(8, PAIRS);
    expect(follow(pairs, times(9, 8))).toEqual([0, 'GUIDANCE_TURNS']);
    expect(follow(pairs, times(9, 9, 8, 7))).toEqual([0, 1, 2, 'GUIDANCE_TURNS']);
  });
});

describe('sizes', () => {
  const schedule = scheduleOf(4);
  const at = (t: number, ...size: [number, number]): Fed => ({ t, size });
  it.each<[string, Fed[], (number | string)[]]>([
    ['another width', [at(9, 1, 2), at(8, 1, 2), at(7, 1, 3), at(6, 1, 3)], [0, 1, 0, 1]],
    ['a batch of three in place of one', [at(9, 1, 2), at(8, 3, 2)], [0, 0]],
    ['another batch at the same timestep', [at(9, 1, 2), at(9, 2, 2)], [0, 0]],
    ['half the batch, as guidance is turned off', [at(9, 2, 2), at(8, 1, 2)], [0, 1]],
    ['twice the batch, as it is turned on', [at(9, 1, 2), at(8, 2, 2)], [0, 1]],
    ['half the batch, and another width', [at(9, 2, 2), at(8, 1, 4)], [0, 0]],
    ['half the batch from the start', [at(9, 2, 2), at(8, 2, 2), at(9, 1, 2)], [0, 1, 0]],
    ['half the batch, back to the middle', [at(9, 2, 2), at(7, 2, 2), at(8, 1, 2)], [0, 1, MIXED]],
  ])('%s', (_name, fed, found) => {
    expect(follow(schedule, fed)).toEqual(found);
  });

  it('alone tell images apart where no timestep is known', () => {
    const { timestep: _, ...roles } = schedule.source.roles!;
    const blind = { ...schedule, source: { ...schedule.source, roles } };
    const fed = [at(9, 1, 2), at(9, 1, 2), at(9, 2, 2), at(9, 2, 2), at(9, 1, 2)];
    expect(follow(blind, fed)).toEqual([0, 1, 0, 1, 0]);
    // it could be guidance that is turned off
    const pairs: Schedule['source']['guidance'] = { order: 'cond-first', mode: 'batch' };
    const guided = { ...blind, source: { ...blind.source, guidance: pairs } };
    expect(follow(guided, [at(9, 2, 2), at(9, 1, 2)])).toEqual([0, MIXED]);
    expect(follow(guided, [at(9, 2, 2), at(9, 2, 4)])).toEqual([0, 0]);
  });

  it('of every input count where nothing is known, each half by itself', () => {
    const bare = { ...schedule.source, roles: {}, guidance: PAIRS };
    const watch = new ImageWatch({ ...schedule, source: bare }, 'timestep');
    const feeds = (tokens: number) => ({ x: zeros([tokens, 2]), t: zeros([1]) });
    watch.note(feeds(5), 0);
    expect(watch.begins(feeds(9), 1)).toBe(false);
    watch.note(feeds(9), 1);
    expect(watch.begins(feeds(5), 2)).toBe(false);
    expect(watch.begins(feeds(9), 2)).toBe(true);
  });
});

test('after the last call any timestep that is not further on begins an image, and no other', () => {
  const schedule = scheduleOf(3);
  expect(follow(schedule, times(9, 8, 7, 8.5, 8))).toEqual([0, 1, 2, 0, 1]);
  expect(follow(schedule, times(9, 8, 7, 6))).toEqual([0, 1, 2, 'SCHEDULE_EXHAUSTED']);
  expect(follow(schedule, times(9, 8, 7, 7))).toEqual([0, 1, 2, 'SCHEDULE_EXHAUSTED']);
  expect(follow(scheduleOf(1), times(9, 9, 9))).toEqual([0, 0, 0]);
});

test('reset() forgets the image before', () => {
  const schedule = scheduleOf(6);
  const watch = new ImageWatch(schedule, 'timestep');
  for (const [call, t] of [9, 8, 7].entries()) watch.note(feedsOf({ t }), call);
  watch.begin(3, false);
  watch.note(feedsOf({ t: 9 }), 0);
  // coarser steps than before
  expect(watch.begins(feedsOf({ t: 6 }), 1)).toBe(false);
});

describe('the timestep of a call', () => {
  const of = (type: Tensor.Type, data: unknown, dims: number[]) =>
    readTimestep(new Tensor(type as 'float32', data as Float32Array, dims));
  it.each<[string, ReturnType<typeof readTimestep>, ReturnType<typeof readTimestep>]>([
    ['a scalar', of('int64', BigInt64Array.of(981n), []), { largest: 981, smallest: 981 }],
    ['int32', of('int32', Int32Array.of(7), [1]), { largest: 7, smallest: 7 }],
    ['half', of('float16', Uint16Array.of(0x3800), [1]), { largest: 0.5, smallest: 0.5 }],
    [
      'one for each token',
      of('float32', Float32Array.of(500, 0, 500), [1, 3]),
      { largest: 500, smallest: 0 },
    ],
    ['no number', of('float32', Float32Array.of(Number.NaN), [1]), undefined],
    ['nothing', of('float32', new Float32Array(0), [0]), undefined],
    ['text', of('string', ['981'], [1]), undefined],
    [
      'on a device',
      readTimestep(
        Tensor.fromGpuBuffer({} as never, { dataType: 'float32', dims: [1] }) as unknown as Tensor,
      ),
      undefined,
    ],
  ])('%s', (_name, found, expected) => {
    expect(found).toEqual(expected);
  });
});
