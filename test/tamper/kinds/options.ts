/**
 * Bundles made with other options than their plan says: the models are right for another range, window or
 * branch, and the schedule tells of the one that was asked for.
 */
import fs from 'node:fs';
import path from 'node:path';
import { deepcache, deltaCache, ditfastattn } from '../../../passes/index.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import { type BundleName, RECIPES, type Recipe } from '../bundles.js';
import { type Change, change, type Kind } from '../kind.js';
import { readSchedule } from '../loop.js';

/** The bundle with the models, states and programs that another recipe gives, and the sites it had. */
const made = (on: BundleName, what: string, recipe: (as: Recipe) => Partial<Recipe>): Change =>
  change(on, what, async ({ folder, schedule }, workshop) => {
    const as = RECIPES[on] as Recipe;
    const other = await workshop.once(`${on}: ${what}`, { ...as, ...recipe(as) });
    for (const name of fs.readdirSync(other))
      fs.copyFileSync(path.join(other, name), path.join(folder, name));
    const { sites } = schedule;
    Object.assign(schedule, readSchedule(other), { sites });
  });

const options = (pass: Pass<never>, given: object): Recipe['passes'] =>
  [[pass, given]] as Recipe['passes'];

const delta = (given: object) => ({ passes: options(deltaCache as Pass<never>, given) });
const window = (size: number | string) => ({
  passes: options(ditfastattn as Pass<never>, { window: size }),
});
const cache = (given: object) => ({ passes: options(deepcache as Pass<never>, given) });

export const OPTIONS: readonly Kind[] = [
  {
    name: 'a range of blocks off by one',
    changes: [
      made('delta-cache of a range', 'ends a block early', () =>
        delta({ interval: 2, range: '1' }),
      ),
      made('delta-cache of a range', 'ends a block late', () =>
        delta({ interval: 2, range: '1-3' }),
      ),
      made('delta-cache of a range', 'begins a block early', () =>
        delta({ interval: 2, range: '0-2' }),
      ),
      made('delta-cache of a range', 'begins a block late', () =>
        delta({ interval: 2, range: '2' }),
      ),
      made('delta-cache of a range', 'a block later', () => delta({ interval: 2, range: '2-3' })),
      ...(['delta-cache split', 'delta-cache merged', 'delta-cache chain'] as const).map((on) =>
        made(on, 'a block more at each end', () => delta({ interval: 2, blocks: 3 })),
      ),
      made('delta-cache in two calls', 'a block less at each end', () =>
        delta({ interval: 2, blocks: 1 }),
      ),
      made('delta-cache on two streams', 'a block more at each end', () =>
        delta({ interval: 2, blocks: 2 }),
      ),
      made('deltas and attention', 'ends a block early', ({ passes }) => ({
        passes: [passes[0]!, ...delta({ interval: 2, range: '2' }).passes],
      })),
    ],
  },
  {
    name: 'another branch',
    changes: [
      ...(['deepcache split', 'deepcache merged', 'deepcache chain'] as const).map((on) =>
        made(on, 'one deeper', () => cache({ branch: 3, interval: 3 })),
      ),
      made('deepcache of 50 calls', 'one further out', () => cache({ branch: 1, interval: 3 })),
      made('deepcache with zeros', 'one deeper', () =>
        cache({ branch: 3, interval: 2, strategy: 'zero' }),
      ),
      made('depth-skip', 'one deeper', ({ passes }) => ({
        passes: options(passes[0]![0], { branch: 3 }),
      })),
      made('deepcache for a target', 'one further out', () => cache({ branch: 1, interval: 2 })),
    ],
  },
  {
    name: 'another strategy',
    changes: [
      made('deepcache with zeros', 'reuse in place of zeros', () =>
        cache({ branch: 2, interval: 2, strategy: 'reuse' }),
      ),
      made('delta-cache split', 'outputs in place of deviations', () =>
        delta({ interval: 2, blocks: 2, strategy: 'reuse' }),
      ),
      made('windows split', 'a window without its residual', ({ plan }) => ({
        plan: { ...plan, 'attention.0': 'corwcw' },
      })),
      made('windows merged', 'a window in place of reuse', ({ plan }) => ({
        plan: { ...plan, 'attention.1': 'cwwwcr' },
      })),
      made('shared halves merged', 'a shared window in place of a window', ({ plan }) => ({
        plan: { ...plan, 'attention.0': 'cbrgbb' },
      })),
      made('shared halves split', 'computed in place of shared', ({ plan }) => ({
        plan: { ...plan, 'attention.1': 'ccwrgr' },
      })),
      made('shared calls merged', 'a late window in place of reuse', ({ plan }) => ({
        plan: { ...plan, 'attention.0': 'cg wb cc ww rw bb' },
      })),
      made('windows of long sequences', 'a residual where there should be none', ({ plan }) => ({
        plan: { ...plan, 'attention.0': 'cwww' },
      })),
    ],
  },
  {
    name: 'another window',
    changes: [
      made('windows chain', 'a token wider', () => window(3)),
      ...(['windows split', 'windows merged'] as const).flatMap((on) => [
        made(on, 'a token narrower', () => window(1)),
        made(on, 'a token wider', () => window(3)),
      ]),
      made('windows of a fraction', 'the fraction rounded up', () => window(3)),
      made('windows of long sequences', 'a token wider', () => window(5)),
      made('windows for a target', 'a token narrower', () => window(1)),
      made('shared halves merged', 'a token wider', () => window(3)),
      made('shared calls split', 'a token narrower', () => window(1)),
    ],
  },
  {
    name: 'guidance in another order',
    changes: [
      ...(['shared halves split', 'shared halves merged'] as const)
        .map((on) =>
          made(on, 'unconditional first', ({ loop }) => ({
            loop: { ...loop, guidance: { order: 'uncond-first', mode: 'batch' } },
          })),
        )
        .map(
          (c): Change => ({
            ...c,
            edit: async (bundle, workshop) => {
              const { source } = bundle.schedule;
              await c.edit(bundle, workshop);
              bundle.schedule.source = source;
            },
          }),
        ),
    ],
  },
];
