/** The engine as checks and measurements use it: what it is asked for, and what is said when it fails. */
import * as engine from 'onnxruntime-node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadOrt, openModel, runModel } from '../../../src/evidence/measure/engine.js';
import { engineOptions } from '../../../src/evidence/measure/engine-options.js';
import { keepTo, PROCESSORS } from '../../helpers/kept-processors.js';

afterEach(() => {
  vi.doUnmock('onnxruntime-node');
  vi.resetModules();
});

/** Loads it anew, with another module in its place. */
async function loading(module: () => object) {
  vi.resetModules();
  vi.doMock('onnxruntime-node', module);
  const { loadOrt } = await import('../../../src/evidence/measure/engine.js');
  return loadOrt();
}

describe('the engine', () => {
  test('is onnxruntime-node', async () => {
    const ort = await loadOrt();
    expect(ort.InferenceSession.create).toBe(engine.InferenceSession.create);
  });

  test('is what its module holds by name, or else by default', async () => {
    const [named, other] = [{ InferenceSession: { id: 1 } }, { InferenceSession: { id: 2 } }];
    expect((await loading(() => ({ ...named, default: other }))).InferenceSession).toEqual({
      id: 1,
    });
    expect(
      (await loading(() => ({ InferenceSession: undefined, default: other }))).InferenceSession,
    ).toEqual({ id: 2 });
  });

  test('is asked for where it is missing', async () => {
    const missing = loading(() => {
      throw new Error('no build for this system');
    });
    await expect(missing).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
  });
});

describe('a session has', () => {
  afterEach(() => vi.restoreAllMocks());

  test.each([
    [
      'as many threads as the engine likes, where all processors may be used',
      PROCESSORS,
      {},
      undefined,
    ],
    ['no more threads than the processors that the process is kept to', 3, {}, 3],
    ['as many as were asked for, whatever there is', 3, { intraOpNumThreads: 5 }, 5],
  ])('%s', (_, processors, given, threads) => {
    keepTo(processors);
    expect(engineOptions(given).intraOpNumThreads).toBe(threads);
  });
});

test('a model that does not open is named', async () => {
  const opened = openModel(engine, '/nowhere/at-all.onnx', {});
  await expect(opened).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
    message: expect.stringContaining('at-all.onnx'),
  });
});

describe('a run', () => {
  const asked: unknown[][] = [];
  const session = {
    run: async (...args: unknown[]) => {
      asked.push(args);
      return { y: 1 };
    },
  } as never;

  test.each([
    ['all outputs where none are said', undefined, [{ x: 1 }]],
    ['those that are said', ['y'], [{ x: 1 }, ['y']]],
    ['none where none is wanted', [], [{ x: 1 }, []]],
  ])('gives %s', async (_, fetches, expected) => {
    asked.length = 0;
    expect(await runModel(session, { x: 1 } as never, 'it', fetches)).toEqual({ y: 1 });
    expect(asked).toEqual([expected]);
  });

  test('that fails says what was run', async () => {
    const failing = { run: () => Promise.reject(new Error('out of memory')) } as never;
    await expect(runModel(failing, {}, 'the half model')).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/the half model.*out of memory/),
    });
  });
});
