/**
 * Images that follow other schedules over the same programs: lists of calls made here by hand, and what they give by
 * hand too. No model is loaded again for them.
 */
import * as node from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { type DenoiserImage, ScheduledSession } from '../../../src/runtime/session/index.js';
import { callsOfImage, type Fed, feeds, HOSTS, inMemory, numbers } from './hosts.js';
import { expected, merged, split, type TinyBundle, withRoles } from './tiny-bundles.js';
import { remembered, remembering } from './tiny-loops.js';

const LISTS = [
  ['full', 'shallow'],
  ['full'],
  ['full', 'shallow', 'shallow', 'shallow', 'full', 'shallow', 'full'],
  ['full', 'full', 'shallow'],
];

const following = ({ schedule }: TinyBundle, calls: readonly string[]): Schedule => ({
  ...schedule,
  calls: [...calls],
});

const run = async (image: DenoiserImage, { x, t }: Fed) =>
  numbers((await image.run(feeds(x, t))).y);

async function runAll(image: DenoiserImage, calls: readonly Fed[]) {
  const made: number[][] = [];
  for (const fed of calls) made.push(await run(image, fed));
  return made;
}

describe.each(HOSTS)('on %s', (_, open) => {
  it.each([
    ['split', split],
    ['merged', merged],
  ])(
    'an image follows lists of more and fewer calls, one after the other: %s',
    async (_name, make) => {
      const tiny = withRoles(make());
      const session = await open(tiny);
      const image = session.image();
      for (const [i, list] of [...LISTS, tiny.schedule.calls].entries()) {
        image.follow(following(tiny, list));
        expect([image.calls, image.schedule.calls, image.callIndex]).toEqual([list, list, 0]);
        const calls = callsOfImage(i, 1, list.length);
        expect(await runAll(image, calls)).toEqual(expected(calls, list));
        expect(image.program).toBeUndefined();
        await expect(image.run(feeds([1, 2], 1))).rejects.toMatchObject({
          code: 'SCHEDULE_EXHAUSTED',
          message: expect.stringContaining(`has ${list.length} calls`),
        });
      }
      expect(session.calls).toEqual(tiny.schedule.calls);
    },
  );

  it('images under way keep theirs when the session follows another, and new ones take it', async () => {
    const tiny = withRoles(split());
    const session = await open(tiny);
    const before = session.image();
    const [first, ...rest] = callsOfImage(0);
    await run(before, first!);
    const list = LISTS[2]!;
    session.follow(following(tiny, list));
    const after = session.image();
    const calls = callsOfImage(1, 1, list.length);
    expect(await runAll(after, calls)).toEqual(expected(calls, list));
    expect(await runAll(session, calls)).toEqual(expected(calls, list));
    expect(await runAll(before, rest)).toEqual(expected([first!, ...rest]).slice(1));
  });

  it('parameters are those of the list that is followed, and states begin anew', async () => {
    const session = await open(remembering());
    const list = ['shallow', 'full', 'shallow', 'shallow', 'full', 'full', 'shallow', 'shallow'];
    await runAll(session, callsOfImage(0, 1, 3));
    session.follow(remembering(list).schedule);
    const calls = callsOfImage(1, 1, list.length);
    expect(await runAll(session, calls)).toEqual(remembered(calls, list));
    session.reset();
    expect(await runAll(session, calls)).toEqual(remembered(calls, list));
  });

  it('an image that begins by itself begins the list that it follows', async () => {
    const tiny = withRoles(split());
    const session = await open(tiny);
    const list = LISTS[3]!;
    session.follow(following(tiny, list));
    for (const image of [1, 2]) {
      const calls = callsOfImage(image, 1, list.length);
      expect(await runAll(session, calls)).toEqual(expected(calls, list));
    }
  });

  it('what was saved goes on only where its list is followed', async () => {
    const tiny = split();
    const session = await open(tiny);
    const list = LISTS[2]!;
    const image = session.image();
    image.follow(following(tiny, list));
    const calls = callsOfImage(0, 1, list.length);
    await runAll(image, calls.slice(0, 5));
    const saved = structuredClone(await image.save());
    expect(saved.schedule.calls).toBe(7);
    const other = session.image();
    expect(() => other.restore(saved)).toThrow(
      expect.objectContaining({ code: 'SAVED_IMAGE_MISMATCH' }),
    );
    other.follow(following(tiny, list));
    other.restore(saved);
    expect(await runAll(other, calls.slice(5))).toEqual(expected(calls, list).slice(5));
  });

  it('a schedule of another bundle is refused, and so is one in the middle of a call', async () => {
    const session = await open(split());
    expect(() => session.follow(merged().schedule)).toThrow(
      expect.objectContaining({ code: 'SESSION_OTHER_PROGRAMS' }),
    );
    const running = run(session, callsOfImage(0)[0]!);
    expect(() => session.follow(split().schedule)).toThrow(
      expect.objectContaining({ code: 'SESSION_BUSY' }),
    );
    await running;
    expect(await run(session, callsOfImage(0)[1]!)).toEqual(expected(callsOfImage(0))[1]);
  });
});

it.each([
  ['eager', ['full.onnx'], ['full.onnx', 'shallow.onnx']],
  ['all', ['full.onnx', 'shallow.onnx'], ['full.onnx', 'shallow.onnx']],
  ['lazy', [], ['full.onnx', 'shallow.onnx']],
] as const)('no model is loaded twice, whatever is followed: %s', async (load, first, then) => {
  const loaded: string[] = [];
  const tiny = split();
  const bundle = { ...tiny, schedule: following(tiny, ['full', 'full']) };
  const { open, ...rest } = inMemory(bundle);
  const counted = (file: string) => {
    loaded.push(file);
    return open(file);
  };
  const session = await ScheduledSession.create(node, { ...rest, open: counted }, { load });
  expect(loaded).toEqual(first);
  session.follow(tiny.schedule);
  const images = [session, session.image()];
  await Promise.all(images.map((image) => runAll(image, callsOfImage(0))));
  session.follow(bundle.schedule);
  await runAll(session, callsOfImage(0, 1, 2));
  expect(loaded).toEqual(then);
  await session.release();
});
