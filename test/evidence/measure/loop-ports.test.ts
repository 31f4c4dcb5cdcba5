/** What a loop is asked for before its first call: the loop that a schedule was made for, and inputs that go together. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { StepfoldError } from '../../../src/errors/index.js';
import type { DenoiserPorts } from '../../../src/evidence/measure/denoise-bundle.js';
import { settleLoop } from '../../../src/evidence/measure/loop-inputs.js';
import { parseDim } from '../../../src/model/shape/index.js';
import type { Guidance } from '../../../src/runtime/samplers/index.js';
import type { Port } from '../../../src/runtime/schedule/index.js';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'fits';
};

const port = (name: string, shape: Port['shape'], type: Port['type'] = 'float32'): Port => ({
  name,
  type,
  shape,
});
const floats = (...dims: number[]) =>
  new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims) as never;
const halves = (unconditional: Guidance['unconditional'], mode: 'batch' | 'two-calls' = 'batch') =>
  ({ scale: 2, order: 'cond-first', mode, unconditional }) as const;

interface Given {
  readonly inputs?: readonly Port[];
  readonly outputs?: readonly Port[];
  readonly ports?: Partial<DenoiserPorts>;
  readonly options?: Partial<Parameters<typeof settleLoop>[1]>;
}

const X = port('x', ['b', 4, 'h', 'h']);
const T = port('t', ['b'], 'int64');
const C = port('c', ['b', 'n']);

const settled = ({
  inputs = [X, T, C],
  outputs = [port('eps', ['b', 4, 'h', 'h'])],
  ports,
  options,
}: Given = {}) =>
  settleLoop(
    {
      inputs,
      outputs,
      roles: { latent: 'x', timestep: 't', prediction: 'eps' },
      bindings: new Map([
        ['b', 1],
        ['h', 8],
        ['n', 77],
      ]),
      ...ports,
    },
    { feeds: {}, ...options },
  );

describe('the latent', () => {
  test('has the size that is asked for, that of the feeds, or that of the figures', () => {
    expect(settled()).toMatchObject({
      latent: 'x',
      timestep: 't',
      dims: [1, 4, 8, 8],
      latentType: 'float32',
    });
    expect(settled({ options: { latentShape: [2, 4, 6, 6] } }).dims).toEqual([2, 4, 6, 6]);
    expect(settled({ options: { feeds: { c: floats(3, 5) } } }).dims).toEqual([3, 4, 8, 8]);
    const both = settled({ options: { feeds: { c: floats(3, 5) }, latentShape: [3, 4, 2, 2] } });
    expect(both.dims).toEqual([3, 4, 2, 2]);
    expect(Object.fromEntries(both.bindings)).toEqual({ b: 3, h: 2, n: 5 });
    expect(both.otherBindings).toEqual(both.bindings);
  });

  test('has what follows from a size', () => {
    const followers = new Map([['n', parseDim('h*2')]]);
    expect(settled({ ports: { followers } }).bindings.get('n')).toBe(16);
    const options = { feeds: { c: floats(1, 5) } };
    expect(settled({ ports: { followers }, options }).bindings.get('n')).toBe(5);
  });

  test('is of halves where its input is', () => {
    const half = [port('x', X.shape, 'float16'), T];
    expect(settled({ inputs: half }).latentType).toBe('float16');
  });

  test('may be another input, and so may the timestep', () => {
    const inputs = [X, T, port('z', ['b', 4, 'h', 'h']), port('sigma', ['b'])];
    const roles = { latent: 'z', timestep: 'sigma' };
    const found = settled({ inputs, options: { roles } });
    expect(found).toMatchObject({ latent: 'z', timestep: 'sigma' });
    expect(found.missing.map(({ name }) => name)).toEqual(['x', 't']);
    const given = settled({ inputs, options: { roles, feeds: { x: floats(1, 4, 8, 8) } } });
    expect(given.missing.map(({ name }) => name)).toEqual(['t']);
  });

  test.each([
    [{ timestep: 't' }, {}, 'ROLE_UNKNOWN'],
    [{ latent: 'x' }, {}, 'ROLE_UNKNOWN'],
    [{ latent: 'x' }, { timestep: 't' }, 'fits'],
    [{}, { latent: 'x', timestep: 't' }, 'fits'],
    [{ latent: 'x', timestep: 't' }, { latent: 'gone' }, 'FEED_UNKNOWN'],
  ])('is known by %j, and said as %j: %s', (roles, said, code) => {
    expect(codeOf(() => settled({ ports: { roles }, options: { roles: said } }))).toBe(code);
  });

  test.each<[what: string, options: Given['options'] & object, code: string]>([
    ['another input', { feeds: { d: floats(1) } }, 'FEED_UNKNOWN'],
    ['another input of the other half', { guidance: halves({ d: floats(1) }) }, 'FEED_UNKNOWN'],
    [
      'an input of another type',
      { feeds: { c: new ort.Tensor('int32', Int32Array.of(1), [1, 1]) as never } },
      'FEED_TYPE',
    ],
    ['an input of more axes', { feeds: { c: floats(1, 1, 1) } }, 'FEED_SHAPE'],
    ['a latent of other sizes', { latentShape: [1, 4, 8, 9] }, 'FEED_SHAPE'],
    [
      'a latent that is not made by the loop',
      { feeds: { x: floats(1, 4, 8, 8) } },
      'DENOISE_ROLE_FED',
    ],
    ['a latent beyond all arrays', { latentShape: [2 ** 30, 4, 8, 8] }, 'FEED_TOO_LARGE'],
  ])('is refused with %s', (_, options, code) => {
    expect(codeOf(() => settled({ options }))).toBe(code);
  });
});

describe('channels beside it', () => {
  const inputs = [port('x', ['b', 9, 'h', 'h']), T];
  const feeds = { x: floats(1, 5, 8, 8) };
  const code = (given: Given) => codeOf(() => settled(given));

  test('are what the prediction has not', () => {
    expect(settled({ inputs, options: { feeds } }).dims).toEqual([1, 4, 8, 8]);
    expect(code({ inputs })).toBe('RUN_LATENT_CHANNELS');
    expect(code({ inputs, options: { feeds: { x: floats(1, 9, 8, 8) } } })).toBe(
      'RUN_LATENT_CHANNELS',
    );
  });

  test('are those of the output that predicts, or of the first', () => {
    const outputs = [port('state', ['b', 9, 'h', 'h']), port('eps', ['b', 4, 'h', 'h'])];
    expect(settled({ inputs, outputs, options: { feeds } }).dims).toEqual([1, 4, 8, 8]);
    const roles = { latent: 'x', timestep: 't' };
    expect(code({ inputs, outputs, ports: { roles } })).toBe('fits');
    expect(code({ inputs, outputs, ports: { roles }, options: { feeds } })).toBe(
      'DENOISE_ROLE_FED',
    );
  });

  test('are none where the prediction holds a variance, or sizes are open', () => {
    const wide = [port('eps', ['b', 18, 'h', 'h'])];
    expect(settled({ inputs, outputs: wide }).dims).toEqual([1, 9, 8, 8]);
    const open = [port('eps', ['b', 'k', 'h', 'h'])];
    expect(settled({ inputs, outputs: open }).dims).toEqual([1, 9, 8, 8]);
    expect(code({ inputs, outputs: open, options: { feeds } })).toBe('DENOISE_ROLE_FED');
    expect(settled({ inputs: [port('x', ['b', 'h', 8, 8]), T] }).dims).toEqual([1, 8, 8, 8]);
  });
});

test('channels of a latent whose number is open are not fed beside it', () => {
  const inputs = [port('x', ['b', 'h', 8, 8]), T];
  const feeds = { x: floats(1, 5, 8, 8) };
  expect(codeOf(() => settled({ inputs, options: { feeds } }))).toBe('DENOISE_ROLE_FED');
});

describe('what is refused says what to do:', () => {
  const hintOf = (given: Given): string | undefined => {
    try {
      settled(given);
    } catch (error) {
      return (error as StepfoldError).details.hint;
    }
    return undefined;
  };

  test('the shape of a latent, which cannot be given as a file', () => {
    expect(hintOf({ ports: { bindings: new Map() } })).toContain('--latent-shape');
  });

  test('of a batch of pairs, that rows are counted once', () => {
    const feeds = { c: floats(2, 5) };
    const latentShape = [1, 4, 8, 8];
    const hint = (mode: 'batch' | 'two-calls') =>
      hintOf({ options: { feeds, latentShape, guidance: halves({ c: floats(2, 5) }, mode) } });
    expect(hint('batch')).not.toBe(hint('two-calls'));
    expect(hint('two-calls')).toBe(hintOf({ options: { feeds, latentShape } }));
  });
});

describe('with both halves in one batch', () => {
  const dims = (given: Given) => settled(given).dims;

  test('what both halves have is given once an image', () => {
    const options = { feeds: { c: floats(3, 5) }, guidance: halves({ c: floats(3, 5) }) };
    expect(dims({ options })).toEqual([3, 4, 8, 8]);
    // in two calls, or without guidance, there is nothing to halve
    const two = halves({ c: floats(3, 5) }, 'two-calls');
    expect(dims({ options: { ...options, guidance: two } })).toEqual([3, 4, 8, 8]);
  });

  test('what is for both goes in as it is', () => {
    const feeds = { c: floats(6, 5) };
    const latentShape = [3, 4, 8, 8];
    const code = (mode: 'batch' | 'two-calls') =>
      codeOf(() => settled({ options: { feeds, latentShape, guidance: halves({}, mode) } }));
    expect([code('batch'), code('two-calls')]).toEqual(['fits', 'FEED_SHAPE']);
    // another batch is nobody's half
    const inputs = [X, T, port('c', ['rows', 'n'])];
    const bindings = new Map([
      ['b', 1],
      ['h', 8],
    ]);
    const found = settled({
      inputs,
      ports: { bindings },
      options: { feeds, guidance: halves({}) },
    });
    expect(found.bindings.get('rows')).toBe(6);
  });

  test.each<
    [
      batch: number | null,
      c: number | null,
      unconditional: boolean,
      given: number,
      images: number | string,
    ]
  >([
    [4, 4, true, 2, 2],
    [4, 4, false, 4, 2],
    [4, 3, false, 3, 2],
    [4, 3, true, 3, 'GUIDANCE_BATCH'],
    [3, 3, false, 3, 'GUIDANCE_BATCH'],
  ])(
    'of %j, and %j of a condition, given to both apart %j: %j rows make %j',
    (batch, c, apart, given, images) => {
      const inputs = [port('x', [batch, 4, 8, 8]), port('t', [batch], 'int64'), port('c', [c, 2])];
      const outputs = [port('eps', [batch, 4, 8, 8])];
      const row = { c: floats(given, 2) };
      const options = { feeds: row, guidance: halves(apart ? row : {}) };
      let found: number | string;
      try {
        found = settled({ inputs, outputs, options }).dims[0]!;
      } catch (error) {
        found = (error as { code: string }).code;
      }
      expect(found).toBe(images);
    },
  );

  test('a batch that nobody knows is left alone', () => {
    const inputs = [port('x', [null, 4, 8, 8]), port('t', [1], 'int64'), port('c', [null, 2])];
    const options = { feeds: { c: floats(5, 2) }, guidance: halves({}), latentShape: [2, 4, 8, 8] };
    expect(dims({ inputs, outputs: [port('eps', [null, 4, 8, 8])], options })).toEqual([
      2, 4, 8, 8,
    ]);
  });
});
