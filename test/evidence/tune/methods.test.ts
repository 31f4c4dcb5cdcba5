/** Which passes a search varies, with costs that are made up. */
import { expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import { findMethods } from '../../../src/evidence/tune/methods.js';
import { loadModel } from '../../../src/model/onnx/files.js';

async function found(wanted?: readonly string[]) {
  const prepared = await prepare(loadModel('samples/dit-digits/dit-digits.onnx'));
  const { methods, notTried } = await findMethods({ prepared: async () => prepared } as never, {
    subject: { table: passesWith(), own: { name: 'ddim', steps: 20 } } as never,
    costs: { of: async () => ({ full: 1, between: 0.5 }), settle() {} } as never,
    mostSteps: 60,
    wanted,
  });
  return {
    passes: new Set(methods.map(({ pass }) => pass.name)),
    kinds: methods.flatMap(({ pass, options }) =>
      pass.name === 'module-cache' ? [options['kinds']] : [],
    ),
    notTried: new Map(notTried.map(({ pass, reason }) => [pass, reason])),
  };
}

test('what has to be named is left out otherwise, and said', async () => {
  const { passes, notTried } = await found();
  expect([...passes].sort()).toEqual(['delta-cache', 'ditfastattn', 'forecast']);
  expect(notTried.get('module-cache')).toContain('--try module-cache');
});

test('and is tried alone where it is: all modules, and those of each kind', async () => {
  const { passes, kinds, notTried } = await found(['module-cache']);
  expect([...passes]).toEqual(['module-cache']);
  expect(kinds).toEqual([undefined, ['self'], ['feed-forward']]);
  expect(notTried.size).toBe(0);
});
