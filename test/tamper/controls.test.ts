/** Bundles as they were made, of every pass and form, and with changes that change nothing, pass. */
import { afterAll, describe, expect, test } from 'vitest';
import { type BundleName, RECIPES } from './bundles.js';
import { CONTROLS } from './controls.js';
import { Judge } from './trial.js';
import { Workshop } from './workshop.js';

const workshop = new Workshop();
afterAll(() => workshop.close());
const judge = new Judge(workshop);

describe('as it was made', () => {
  test.each(Object.keys(RECIPES) as BundleName[])('%s', async (name) => {
    expect(await judge.problems(name, await workshop.copy(name))).toEqual([]);
  });
});

describe('with a change that changes nothing', () => {
  test.each(CONTROLS.map((c) => [`${c.on}: ${c.what}`, c] as const))('%s', async (_, change) => {
    const bundle = await workshop.copy(change.on);
    await change.edit(bundle, workshop);
    bundle.save();
    expect(await judge.effect(change, bundle)).toBe(0);
    expect(await judge.problems(change.on, bundle)).toEqual([]);
  });
});
