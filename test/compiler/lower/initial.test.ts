/** States that hold something before the first call: a counter in a model, whose numbers are plain to see. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { Player } from '../../../src/evidence/measure/play.js';
import {
  compileSites,
  EMITS,
  EXACT,
  encodeLowered,
  openSession,
  ort,
  scheduleOf,
} from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-initial-'));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

// f is what counts: it has the shape of one number, and y = x + f
const model = modelOf(`g (float[n] x, float[1] w) => (float[n] y)
  { f = Neg (w) y = Add (x, f) }`);
const f = named(model, 'f');
const START = 5;

const site: PlainSite = {
  id: 's',
  description: '',
  outputs: [f],
  states: [
    { id: 'count', like: f, initial: [START] },
    { id: 'before', like: f, initial: [START], follows: 'count' },
  ],
  strategies: strategiesByName([
    strategyOf(COMPUTE, ''),
    strategyOf('tick', 'the count, which goes up', {
      reads: ['count', 'before'],
      produce: (b) => [
        b.add({ opType: 'Add', inputs: [b.state('count'), b.state('before')], outputs: ['sum'] }),
      ],
      writes: {
        count: (b) =>
          b.add({
            opType: 'Sub',
            inputs: [b.state('count'), b.value(named(model, 'w'))],
            outputs: ['more'],
          }),
      },
    }),
  ]),
};

const ROWS = ['tick', 'tick', COMPUTE, 'tick'].map((name) => [name]);
// w is -1 at every call, so that the count goes up by one; what a call writes is for the next
const WANTED = [START + START, START + 1 + START, 1, START + 2 + START + 1];

const floats = (data: readonly number[]) =>
  new ort.Tensor('float32', Float32Array.from(data), [data.length]);
const feeds = () => ({ x: floats([0, 10]), w: floats([-1]) });

describe.each(EMITS)('%s', (emit) => {
  const compilation = () => compileSites(model, [site], ROWS, emit);

  test('a session counts from it, and anew with every image', async () => {
    const session = await openSession(compilation());
    for (let image = 0; image < 2; image++) {
      for (const wanted of WANTED)
        expect([...((await session.run(feeds())).y!.data as Float32Array)]).toEqual([
          wanted,
          wanted + 10,
        ]);
      session.reset();
    }
    await session.release();
  });

  test('a proof plays the same', async () => {
    const made = compilation();
    const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
    for (const [file, bytes] of encodeLowered(made))
      fs.writeFileSync(path.join(folder, file), bytes);
    const schedule = scheduleOf(made);
    const bindings = new Map([['n', 2]]);
    const player = await Player.open(
      { ort: ort as never, folder, schedule, session: EXACT, bindings },
      Object.keys(schedule.programs),
    );
    for (const [call, wanted] of WANTED.entries()) {
      const { y } = await player.play(schedule.calls[call]!, feeds() as never, call);
      expect((y!.data as Float32Array)[0]).toBe(wanted);
    }
    await player.release();
    expect(schedule.states.count).toEqual({ type: 'float32', shape: [1], initial: [START] });
  });
});
