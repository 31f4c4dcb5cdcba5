/** Roles and timesteps that a schedule says, against ports and graph: each word changed alone is found. */
import { describe, expect, test } from 'vitest';
import { roleProblems } from '../../../../src/evidence/measure/statements/roles.js';
import type { Dimension, Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';

describe('roles', () => {
  const IMAGE: Dimension[] = ['b', 4, 8, 8];
  const shapes: Record<string, Dimension[]> = {
    x: IMAGE,
    t: ['b'],
    y: ['b'],
    mask: ['b', 9, 8, 8],
  };
  const port = (name: string, shape: Dimension[]) => ({ name, type: 'float32' as const, shape });
  const base = {
    roles: { latent: 'x', timestep: 't', prediction: 'eps' } as Schedule['source']['roles'],
    inputs: shapes,
    outputs: { eps: IMAGE, state: ['b', 3, 3] } as Record<string, Dimension[]>,
    timesteps: undefined as number[] | undefined,
  };
  const graph = (waves: string) =>
    modelOf(
      `g (float[b,4,8,8] x, float[b] t, float[b] y) => (float[b,4,8,8] eps) { ${waves} eps = Relu (x) }`,
    );
  const WAVES = 's = Sin (t) c = Cos (t)';

  const paths = (
    change: Partial<typeof base>,
    waves = WAVES,
    tables = new Map<string, number>(),
  ) => {
    const { roles, inputs, outputs, timesteps } = { ...base, ...change };
    const list = (ports: Record<string, Dimension[]>) =>
      Object.entries(ports).map(([name, shape]) => port(name, shape));
    return roleProblems(
      {
        source: { inputs: list(inputs), outputs: list(outputs), ...(roles && { roles }) },
        ...(timesteps && { timesteps }),
      } as unknown as Schedule,
      graph(waves),
      tables,
    ).map(({ path, message }) => `${path} ${message}`);
  };
  const roles = (changed: NonNullable<Schedule['source']['roles']>) => ({
    roles: { ...base.roles, ...changed },
  });

  test.each<[what: string, change: Partial<typeof base>, waves?: string]>([
    ['as they are', {}],
    ['with channels for a learned variance', { outputs: { eps: ['b', 8, 8, 8] } }],
    ['of tokens', { inputs: { ...shapes, x: ['b', 16, 4] }, outputs: { eps: ['b', 16, 8] } }],
    ['where no pair is alike', { inputs: { ...shapes, x: ['b', 4, 16, 16], mask: ['b'] } }],
    ['where no timestep is found in sines', roles({ timestep: 'y' }), ''],
    [
      'where sines are of one thing and cosines of another',
      roles({ timestep: 'y' }),
      's = Sin (t) c = Cos (y)',
    ],
    ['without any', { roles: undefined, inputs: { n: ['b'] } }, ''],
    ['without a prediction', { roles: { latent: 'x', timestep: 't' } }],
    [
      'where the timestep alone is like the prediction',
      { roles: { timestep: 't', prediction: 'eps' }, inputs: { t: IMAGE } },
    ],
    [
      'where nothing is like the prediction but for other axes than channels',
      { roles: { timestep: 't', prediction: 'eps' }, inputs: { t: ['b'], x: ['b', 4, 8, 9] } },
    ],
  ])('%s', (_, change, waves) => {
    expect(paths(change, waves)).toEqual([]);
  });

  test.each<[what: string, change: Partial<typeof base>, says: RegExp, waves?: string]>([
    [
      'a latent that is no input',
      roles({ latent: 'eps' }),
      /roles\/latent names no input of the source: "eps"/,
    ],
    [
      'a prediction that is no output',
      roles({ prediction: 'x' }),
      /roles\/prediction names no output of the source: "x"/,
    ],
    [
      'a latent of another size',
      roles({ latent: 'y' }),
      /roles says that "y" is denoised to "eps", .* where "x" and "eps" are alike/,
    ],
    [
      'a prediction of another size',
      roles({ prediction: 'state' }),
      /roles says that "x" is denoised to "state", .* "x" and "eps" are alike/,
    ],
    [
      'a latent of another batch',
      { ...roles({ latent: 'z' }), inputs: { ...shapes, z: ['c', 4, 8, 8] } },
      /"z" is denoised to "eps"/,
    ],
    [
      'a latent that differs in two axes',
      { ...roles({ latent: 'z' }), inputs: { ...shapes, z: ['b', 4, 9, 9] } },
      /"z" is denoised to "eps"/,
    ],
    [
      'a latent of more axes',
      { ...roles({ latent: 'z' }), inputs: { ...shapes, z: ['b', 4, 8, 8, 1] } },
      /"z" is denoised to "eps"/,
    ],
    [
      'a latent of fewer axes',
      { ...roles({ latent: 'z' }), inputs: { ...shapes, z: ['b', 4, 8] } },
      /"z" is denoised to "eps"/,
    ],
    [
      'a latent of two axes',
      {
        ...roles({ latent: 'z', prediction: 'p' }),
        inputs: { ...shapes, z: ['b', 4] },
        outputs: { ...base.outputs, p: ['b', 4] },
      },
      /"z" is denoised to "p"/,
    ],
    [
      'a timestep that is not said, where it is found',
      { roles: { latent: 'x' } },
      /timestep is not said, where sines and cosines are taken of "t"/,
    ],
    [
      'no role at all, where the timestep is found',
      { roles: undefined, inputs: { t: ['b'] } },
      /timestep is not said/,
    ],
    [
      'a timestep that is no input',
      roles({ timestep: 'sigma' }),
      /timestep names no input of the source: "sigma"/,
    ],
    [
      'a timestep that is the latent',
      roles({ timestep: 'x' }),
      /timestep names the latent too: "x"/,
    ],
    [
      'another timestep',
      roles({ timestep: 'y' }),
      /timestep says "y", where sines and cosines are taken of "t"/,
    ],
    [
      'a latent that is not said, where one is like the prediction',
      { roles: { timestep: 't', prediction: 'eps' } },
      /roles\/latent is not said, where "x" and "eps" are alike/,
    ],
    [
      'a latent that is not said, where one of tokens is like the prediction but for channels',
      {
        roles: { timestep: 't', prediction: 'eps' },
        inputs: { t: ['b'], x: ['b', 3, 5] },
        outputs: { eps: ['b', 6, 5] },
      },
      /roles\/latent is not said, where "x" and "eps" are alike/,
    ],
  ])('%s', (_, change, says, waves) => {
    const found = paths(change, waves);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(says);
  });

  test('timesteps that are looked up are rows of the table', () => {
    const tables = new Map([
      ['t', 1000],
      ['y', 10],
    ]);
    const timesteps = [1001, 1000, 999, 10, 0];
    expect(paths({ timesteps }, '', tables)).toEqual([
      '/timesteps/0 is 1001, where "t" is looked up in 1000 rows',
      '/timesteps/1 is 1000, where "t" is looked up in 1000 rows',
    ]);
    expect(paths({ timesteps: [999, 0] }, '', tables)).toEqual([]);
    expect(paths({ timesteps }, '', new Map([['y', 10]]))).toEqual([]);
    expect(paths({ timesteps, roles: { latent: 'x' } }, '', tables)).toEqual([]);
  });
});
