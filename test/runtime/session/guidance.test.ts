/**
 * Guidance from image to image and call to call: pairs are asked for only by calls that take a batch for them. What is
 * right is 2 x + t, with the first half's x for both where a call shares.
 */
import * as node from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { type DenoiserImage, ScheduledSession } from '../../../src/runtime/session/index.js';
import { callsOfImage, type Fed, feeds, HOSTS, inMemory, numbers } from './hosts.js';
import { split, withRoles } from './tiny-bundles.js';
import { guided, guidedByRule } from './tiny-loops.js';

const run = async (image: DenoiserImage, { x, t }: Fed) =>
  numbers((await image.run(feeds(x, t))).y);

const full = ({ x, t }: Fed) => x.map((value) => 2 * value + t);
const shared = ({ x, t }: Fed) => {
  const first = x.slice(0, x.length / 2);
  return [...first, ...first].map((value) => 2 * value + t);
};
const halved = ({ x, t }: Fed): Fed => ({ x: x.slice(0, x.length / 2), t });

describe.each(HOSTS)('on %s', (_, open) => {
  it('guidance is off from where no call shares, in one image and not in others under way', async () => {
    const session = await open(guided());
    const [on, off, more] = [session.image(), session.image(), session.image()];
    const [a, b, c] = [callsOfImage(0, 2), callsOfImage(1, 2), callsOfImage(2, 4)];
    for (const [call, oracle] of [full, shared, full, full].entries()) {
      const without = call < 2 ? b[call]! : halved(b[call]!);
      expect(await run(off, without)).toEqual(oracle(without));
      expect(await run(on, a[call]!)).toEqual(oracle(a[call]!));
      expect(await run(more, c[call]!)).toEqual(oracle(c[call]!));
    }
  });

  it('guidance is off at one step only, of a loop in which none shares', async () => {
    const session = await open(guided(['full', 'full', 'full', 'full']));
    const image = session.image();
    const calls = callsOfImage(0, 2).map((fed, call) => (call === 1 ? halved(fed) : fed));
    for (const fed of calls) expect(await run(image, fed)).toEqual(full(fed));
  });

  it('pairs are missed by the call that shares, and after it by one that reads them', async () => {
    const session = await open(guided(['full', 'shared', 'shallow', 'full']));
    const [one, other] = [session.image(), session.image()];
    const calls = callsOfImage(0, 4);
    await run(one, calls[0]!);
    // two images without their other halves
    await expect(run(one, halved(calls[1]!))).rejects.toMatchObject({ code: 'GUIDANCE_ODD_BATCH' });
    await run(other, calls[0]!);
    await run(other, calls[1]!);
    await expect(run(other, halved(calls[2]!))).rejects.toMatchObject({
      code: 'STATE_SHAPE_CHANGED',
    });
    expect([one.callIndex, other.callIndex]).toEqual([1, 2]);
    expect(await run(one, calls[1]!)).toEqual(shared(calls[1]!));
  });

  it('what an image knows of its pairs is saved with it', async () => {
    const session = await open(guided());
    const calls = callsOfImage(0, 4);
    await run(session, calls[0]!);
    const image = session.image({ from: structuredClone(await session.save()) });
    await expect(run(image, halved(calls[1]!))).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
    });
  });

  it('three branches in one batch are refused where a call needs pairs, by its program', async () => {
    const session = await open(guided());
    for (const branches of [1, 3, 4])
      expect(() => session.image({ branches })).toThrow(
        expect.objectContaining({
          code: 'GUIDANCE_BRANCHES',
          message: expect.stringContaining('program "shared"'),
          details: expect.objectContaining({ data: { branches, program: 'shared' } }),
        }),
      );
    await expect(open(guided(), { branches: 3 })).rejects.toMatchObject({
      code: 'GUIDANCE_BRANCHES',
    });
    // of one image, where nothing was said, the batch shows it
    const [image, calls] = [session.image(), callsOfImage(0, 3)];
    await run(image, calls[0]!);
    await expect(run(image, calls[1]!)).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
      details: { hint: expect.stringContaining('three branches') },
    });
    const [pairs, both] = [session.image({ branches: 2 }), callsOfImage(1, 2)];
    await run(pairs, both[0]!);
    expect(await run(pairs, both[1]!)).toEqual(shared(both[1]!));
  });

  it('branches are held against the loop that is asked for, not the one that is written out', async () => {
    // of two steps none shares; of three the second one does
    const some = await open(guidedByRule(3), { steps: 2, branches: 3 });
    const calls = callsOfImage(0, 3, 2);
    for (const fed of calls) expect(await run(some, fed)).toEqual(full(fed));
    expect(() => some.image({ steps: 3 })).toThrow(
      expect.objectContaining({ code: 'GUIDANCE_BRANCHES' }),
    );
    expect(() => some.plan({ steps: 3 })).toThrow(
      expect.objectContaining({ code: 'GUIDANCE_BRANCHES' }),
    );
    expect(some.calls).toHaveLength(2);
    const image = some.image({ steps: 1 });
    expect(await run(image, calls[0]!)).toEqual(full(calls[0]!));
    await expect(open(guidedByRule(2), { steps: 3, branches: 3 })).rejects.toMatchObject({
      code: 'GUIDANCE_BRANCHES',
      message: expect.stringContaining('program "shared"'),
    });
  });

  it('a session that begins with another loop goes back to the one that is written out', async () => {
    const session = await open(guidedByRule(3), { steps: 5 });
    expect(session.calls).toHaveLength(5);
    expect(session.image().calls).toHaveLength(5);
    session.plan({});
    expect(session.calls).toEqual(['full', 'shared', 'full']);
    const calls = callsOfImage(0, 2, 3);
    for (const [call, oracle] of [full, shared, full].entries())
      expect(await run(session, calls[call]!)).toEqual(oracle(calls[call]!));
  });

  it('a number of branches that is none is refused, whatever the calls need', async () => {
    const session = await open(guided(['full', 'full']));
    for (const branches of [0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => session.image({ branches })).toThrow(
        expect.objectContaining({
          code: 'GUIDANCE_BRANCHES',
          message: expect.stringContaining(`"branches" is ${branches}`),
        }),
      );
  });

  it('guidance that comes on behind a call which took fewer rows for pairs is too late', async () => {
    const session = await open(guided(['full', 'shared', 'full', 'full']));
    const calls = callsOfImage(0, 4);
    await run(session, halved(calls[0]!));
    await run(session, halved(calls[1]!));
    await expect(run(session, calls[2]!)).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
      message: expect.stringContaining('more than earlier calls'),
    });
    // another image has nothing to do with it, and neither has the next one here
    const other = session.image();
    for (const image of [other, session]) {
      const next = callsOfImage(1, 4);
      expect(await run(image, next[0]!)).toEqual(full(next[0]!));
      expect(await run(image, next[1]!)).toEqual(shared(next[1]!));
    }
  });

  it('three branches run where no call needs pairs, one image or two', async () => {
    const session = await open(guided(['full', 'shallow', 'full', 'full']), { branches: 3 });
    for (const rows of [3, 6]) {
      const calls = callsOfImage(rows, rows);
      const image = session.image();
      for (const [call, fed] of calls.entries())
        expect(await run(image, fed)).toEqual(full(call === 1 ? { ...fed, x: calls[0]!.x } : fed));
    }
    // its images begin no list that shares
    const sharing: Schedule = { ...session.schedule, calls: ['full', 'shared'] };
    expect(() => session.follow(sharing)).toThrow(
      expect.objectContaining({ code: 'GUIDANCE_BRANCHES' }),
    );
    expect(session.calls).toHaveLength(4);
  });
});

it('three branches run as three images, one for each', async () => {
  const session = await ScheduledSession.create(node, inMemory(guided(['full', 'shallow'])));
  const images = [0, 1, 2].map(() => session.image());
  for (const call of [0, 1])
    for (const [i, image] of images.entries()) {
      const calls = callsOfImage(i, 1, 2);
      const fed = { x: calls[0]!.x, t: calls[call]!.t };
      expect(await run(image, { ...calls[call]! })).toEqual(full(fed));
    }
  await session.release();
});

it('where guidance is in two calls, a program that reads what one of them kept needs pairs', async () => {
  const { schedule, files } = withRoles(split());
  const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
  const inTurns = { files, schedule: { ...schedule, source: { ...schedule.source, guidance } } };
  await expect(
    ScheduledSession.create(node, inMemory(inTurns), { branches: 3 }),
  ).rejects.toMatchObject({ code: 'GUIDANCE_BRANCHES', details: { value: 'shallow' } });
});
