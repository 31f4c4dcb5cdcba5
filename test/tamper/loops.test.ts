/** What a schedule says of other loops than its own: `verify` must find what is not so there, though its own loop is right. */
import { afterAll, describe, expect, test } from 'vitest';
import { type BundleName, RECIPES } from './bundles.js';
import { KINDS } from './kinds/index.js';
import { Judge, tryKinds } from './trial.js';
import { Workshop } from './workshop.js';

tryKinds(KINDS['What other loops run']);

describe('as they were made', () => {
  const workshop = new Workshop();
  afterAll(() => workshop.close());
  const ruled = (Object.keys(RECIPES) as BundleName[]).filter((name) => 'ruled' in RECIPES[name]);
  test.each(ruled)('%s passes', async (name) => {
    expect(await new Judge(workshop).problems(name, await workshop.copy(name))).toEqual([]);
  });
});
