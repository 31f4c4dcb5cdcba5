/**
 * Bundles that count their calls, by a simulator of Triton's sequences and implicit state that reads nothing but the
 * repository: images in turns, in places that others had before, each to the bit what a session of the merged form gives.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../../passes/deepcache/index.js';
import { loopInvariant } from '../../../../passes/loop-invariant/index.js';
import { exportTriton } from '../../../../src/compiler/export/triton/index.js';
import { openBundle } from '../../../../src/runtime/node/index.js';
import { scratchFolder } from '../../../cli/stepfold.js';
import { EXACT } from '../../../helpers/compile.js';
import { bundleOf, type Image, Loop, optimumUnet, plainLoop } from './bundles.js';
import { whyNoProtoc } from './protoc.js';
import { Model } from './simulator/model.js';
import { Sequences } from './simulator/sequences.js';

const SECOND = 1e6;
/** Places for sequences. */
const PLACES = 3;
const folder = scratchFolder('triton-sequences');
const at = (...names: string[]) => path.join(folder, ...names);

/** Of every size: rows, height, width and words. */
const IMAGES: Image[] = [
  { seed: 1, dims: [1, 4, 8, 8], tokens: 3 },
  { seed: 2, dims: [2, 4, 8, 16], tokens: 5 },
  { seed: 3, dims: [1, 4, 16, 8], tokens: 1 },
  { seed: 4, dims: [3, 4, 8, 8], tokens: 3 },
  { seed: 5, dims: [1, 4, 8, 8], tokens: 3 },
];
const plain: Buffer[] = [];
let model: Model;

describe.skipIf(whyNoProtoc() !== undefined)('sequences', () => {
  beforeAll(async () => {
    const unet = optimumUnet(folder);
    for (const emit of ['stateful', 'merged'] as const)
      await bundleOf(unet, at(emit), { emit }, (pipeline) =>
        pipeline.use(deepcache, { branch: 1, interval: 3 }).use(loopInvariant, {}),
      );
    await exportTriton({
      bundle: at('stateful'),
      repository: at('repository'),
      name: 'unet',
      sequences: PLACES,
      idle: 20,
    });
    model = await Model.load(at('repository', 'unet'), EXACT);
    const session = await openBundle(at('merged'), { sessionOptions: EXACT });
    for (const image of IMAGES) {
      session.reset();
      plain.push(await plainLoop(image, (feeds) => session.run(feeds as never) as never));
    }
    await session.release();
  });

  afterAll(() => model.release());

  /** One call of an image, as a request of its sequence. */
  const call = async (
    server: Sequences,
    id: number,
    loop: Loop,
    flags: { start?: boolean; end?: boolean } = { start: loop.isFirst, end: loop.isLast },
  ) => {
    const { out_sample: noise } = await server.infer({
      inputs: loop.feeds(),
      sequence: { id, ...flags },
    });
    loop.step(noise!.data as Float32Array);
  };
  const loops = () => IMAGES.map((image) => new Loop(image));
  const isAsPlain = (loop: Loop, image: number) =>
    expect(loop.result.equals(plain[image]!), `image ${image}`).toBe(true);

  test('the images differ, so that one cannot pass for another', () => {
    expect(new Set(plain.map((bytes) => bytes.toString('hex'))).size).toBe(IMAGES.length);
  });

  test('in turns, each with its own states and sizes', async () => {
    const server = new Sequences(model);
    const [a, b, c] = loops() as [Loop, Loop, Loop];
    // neither in step, nor always in one order
    for (const [id, loop] of [
      [7, a],
      [7, a],
      [8, b],
      [9, c],
      [8, b],
      [7, a],
      [9, c],
      [8, b],
      [9, c],
      [9, c],
      [7, a],
      [8, b],
      [9, c],
      [7, a],
      [8, b],
    ] as const)
      await call(server, id, loop);
    for (const [image, loop] of [a, b, c].entries()) isAsPlain(loop, image);
  });

  test('one that finds no place waits, and has that of the first to end', async () => {
    const server = new Sequences(model);
    const [a, b, c, d, e] = loops() as [Loop, Loop, Loop, Loop, Loop];
    for (const [i, loop] of [a, b, c].entries()) await call(server, i + 1, loop);
    const waits = [call(server, 4, d), call(server, 5, e)];
    expect(server.waiting).toBe(2);
    while (!a.isLast) await call(server, 1, a);
    expect(server.waiting).toBe(2);
    await call(server, 1, a);
    await waits[0];
    expect(server.waiting).toBe(1);
    for (let i = 0; i < 4; i++)
      for (const [id, loop] of [
        [2, b],
        [3, c],
        [4, d],
      ] as const)
        await call(server, id, loop);
    await waits[1];
    for (let i = 0; i < 4; i++) await call(server, 5, e);
    for (const [image, loop] of [a, b, c, d, e].entries()) isAsPlain(loop, image);
  });

  test('an image behind another in one sequence, of another size, without a word', async () => {
    const server = new Sequences(model);
    const [a, b] = loops() as [Loop, Loop];
    for (let i = 0; i < 5; i++) await call(server, 1, a, { start: i === 0 });
    for (let i = 0; i < 5; i++) await call(server, 1, b, { end: i === 4 });
    isAsPlain(a, 0);
    isAsPlain(b, 1);
  });

  test('one that is given up on the way is begun anew in its sequence', async () => {
    const server = new Sequences(model);
    const [given, again] = [new Loop(IMAGES[1]!), new Loop(IMAGES[0]!)];
    for (let i = 0; i < 3; i++) await call(server, 1, given);
    for (let i = 0; i < 5; i++) await call(server, 1, again);
    isAsPlain(again, 0);
  });

  test('of one that is silent for too long nothing is left but its place', async () => {
    const server = new Sequences(model);
    const [a, b] = loops() as [Loop, Loop];
    for (let i = 0; i < 2; i++) await call(server, 1, a);
    for (let i = 0; i < 2; i++) await call(server, 2, b);
    await server.advance(12 * SECOND);
    await call(server, 2, b);
    await server.advance(12 * SECOND);
    await expect(call(server, 1, a)).rejects.toThrow('must specify the START flag');
    // the other was heard of
    await call(server, 2, b);
    const others = IMAGES.slice(2, 4).map((image) => new Loop(image));
    for (let i = 0; i < 5; i++)
      for (const [j, loop] of others.entries()) await call(server, j + 3, loop);
    await call(server, 2, b);
    isAsPlain(b, 1);
    for (const [j, loop] of others.entries()) isAsPlain(loop, j + 2);
  });

  test('a request that fails changes nothing, and can be sent again', async () => {
    const server = new Sequences(model);
    const loop = new Loop(IMAGES[0]!);
    while (!loop.isLast) {
      await call(server, 1, loop);
      // 7 is halved to 4, which doubled is 8
      const { sample } = new Loop({ ...IMAGES[0]!, dims: [1, 4, 7, 7] }).feeds();
      const odd = { ...loop.feeds(), sample: sample! };
      await expect(server.infer({ inputs: odd, sequence: { id: 1 } })).rejects.toThrow();
    }
    await call(server, 1, loop);
    isAsPlain(loop, 0);
  });

  test('a request that goes against the configuration is refused', async () => {
    const server = new Sequences(model);
    const feeds = new Loop(IMAGES[0]!).feeds();
    const infer = (inputs: object, id = 1) =>
      server.infer({ inputs: inputs as never, sequence: { id, start: true } });
    await expect(infer({ ...feeds, timestep: { ...feeds.timestep, dims: [] } })).rejects.toThrow(
      'unexpected shape',
    );
    await expect(infer(feeds, 0)).rejects.toThrow('non-zero correlation ID');
    await expect(infer({ ...feeds, more: feeds.timestep })).rejects.toThrow('expected 3 inputs');
  });

  describe('the simulator refuses', () => {
    const CONFIG = 'repository/unet/config.pbtxt';
    const changed = async (change: (text: string) => string) => {
      const other = at('changed', 'unet');
      fs.rmSync(other, { recursive: true, force: true });
      fs.cpSync(at('repository', 'unet'), other, { recursive: true });
      const text = fs.readFileSync(at(CONFIG), 'utf8');
      const made = change(text);
      expect(made).not.toBe(text);
      fs.writeFileSync(path.join(other, 'config.pbtxt'), made);
      const loaded = await Model.load(other, EXACT);
      await loaded.release();
    };
    test.each<[string, RegExp, (text: string) => string]>([
      [
        'a state too few',
        /configures 12 inputs, and the model has 13/,
        (text) => text.replace(/ {2}state \{[\s\S]*?\n {2}\}\n/, ''),
      ],
      [
        'an output that is open where the model is not',
        /"out_sample" is/,
        (text) => text.replace(/(output \{[^}]*dims: \[ -1, )4/, '$1-1'),
      ],
      ['a type', /"timestep" is int64/, (text) => text.replace('TYPE_INT64', 'TYPE_INT32')],
      [
        'a batch of what has a state without one',
        /.*/,
        (text) => text.replace('max_batch_size: 0', 'max_batch_size: 2'),
      ],
      [
        'a state that begins in another size',
        /begins as/,
        (text) => text.replace(/dims: \[ 1, 32, 1, 1 \]/, 'dims: [ 1, 32, 2, 2 ]'),
      ],
      [
        'another name',
        /its name is "other"/,
        (text) => text.replace('name: "unet"', 'name: "other"'),
      ],
      [
        'a field that there is none of',
        /has no field named "max_idle"/,
        (text) => text.replace('max_sequence_idle_microseconds', 'max_idle'),
      ],
      // why none is written: whatever it feeds, there is no sequence whose states it could write
      [
        'a request for warming up',
        /failed to run warmup sample.*unable to add state/,
        (text) =>
          `${text}model_warmup { name: "w" batch_size: 1 ${[
            ...text.matchAll(
              /(?:name|input_name): "(.*)"[^{}]*?data_type: (\w+)\s+dims: (\[.*\])/g,
            ),
          ]
            .filter(([, name]) => name !== 'out_sample' && name !== 'zeros')
            .map(
              ([, name, type, dims]) =>
                `inputs { key: "${name}" value { data_type: ${type} dims: ${dims!.replaceAll('-1', '8')} zero_data: true } }`,
            )
            .join(' ')} }`,
      ],
    ])('%s', async (_, message, change) => {
      await expect(changed(change)).rejects.toThrow(message);
    });
  });
});
