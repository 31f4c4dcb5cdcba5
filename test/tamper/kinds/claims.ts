/**
 * Claims that are not true: models and plan agree, but what the plan calls a run of blocks ends in the middle of
 * one, or what it keeps for a whole image depends on the timestep. Only the source's own graph can tell.
 */
import fs from 'node:fs';
import path from 'node:path';
import { runsSite } from '../../../passes/delta-cache/site.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import { type Site, strategiesByName, strategyOf } from '../../../src/compiler/plan/index.js';
import type { BundleName, Recipe } from '../bundles.js';
import { type Change, change, type Kind } from '../kind.js';
import { readSchedule } from '../loop.js';

/** Of each stream where the run begins and ends. */
type Streams = readonly (readonly [from: string, to: string])[];

/** Δ-DiT on a run that is given, at every second call. */
const runs = (streams: Streams): Pass<never> => ({
  name: 'runs',
  description: 'Replace a run of blocks.',
  example: 'runs',
  options: { type: 'object', properties: {} },
  propose({ model: { graph }, calls }) {
    const parts = streams.map(([from, to], stream) => ({
      stream,
      input: graph.find(from)!,
      output: graph.find(to)!,
    }));
    const run = {
      which: 'all',
      first: 1,
      last: 1,
      streams: parts,
      description: 'block 1',
    } as const;
    const site = runsSite(
      'blocks',
      [run],
      'delta',
      () => ({}),
      () => 0,
    );
    const column = Array.from({ length: calls }, (_, call) => (call % 2 ? 'delta' : 'compute'));
    return { sites: [site], entries: { blocks: column } };
  },
});

/** A value that is computed at the first call, with the claim that it depends on some inputs alone. */
const kept = (value: string, invariant: readonly string[]): Pass<never> => ({
  name: 'kept',
  description: 'Keep a value for the image.',
  example: 'kept',
  options: { type: 'object', properties: {} },
  propose({ model: { graph }, calls }) {
    const output = graph.find(value)!;
    const state = 'invariant.0.state';
    const strategies = strategiesByName([
      strategyOf('compute', 'run it', { writes: { [state]: (b) => b.value(output) } }),
      strategyOf('reuse', 'take it', { reads: [state], produce: (b) => [b.state(state)] }),
    ]);
    const site: Site = {
      id: 'invariant',
      description: `"${value}"`,
      outputs: [output],
      states: [{ id: state, like: output }],
      invariant,
      strategies,
    };
    const column = Array.from({ length: calls }, (_, call) => (call ? 'reuse' : 'compute'));
    return { sites: [site], entries: { invariant: column } };
  },
});

/** The bundle that comes of such a pass, with all that its schedule says. */
const claimed = (
  on: BundleName,
  what: string,
  source: Recipe['source'],
  pass: Pass<never>,
): Change =>
  change(on, what, async ({ folder, schedule }, workshop) => {
    const other = await workshop.once(`${on}: ${what}`, {
      source,
      loop: { calls: schedule.calls.length, emit: 'split' },
      passes: [[pass, {}]],
    });
    for (const name of fs.readdirSync(other))
      fs.copyFileSync(path.join(other, name), path.join(folder, name));
    Object.assign(schedule, readSchedule(other));
  });

const TWO = 'delta-cache on two streams';

export const CLAIMS: readonly Kind[] = [
  {
    name: 'a run of blocks that is none',
    said: true,
    changes: [
      claimed(
        TWO,
        'ends behind attention on one stream',
        'mmdit',
        runs([
          ['x1', 'm_x1'],
          ['c1', 'c2'],
        ]),
      ),
      claimed(TWO, 'leaves out the text, which attends to it', 'mmdit', runs([['x1', 'x2']])),
      claimed(
        'delta-cache split',
        'begins at what is no stream',
        'dit of four blocks',
        runs([['in_f1', 'h3']]),
      ),
      claimed(
        'delta-cache split',
        'ends at what is no sum',
        'dit of four blocks',
        runs([['h1', 'gated_f2']]),
      ),
      claimed(
        'delta-cache split',
        'is passed by',
        'dit of four blocks',
        runs([['h1', 'attended1']]),
      ),
    ],
  },
  {
    name: 'kept for the image, though it changes',
    said: true,
    changes: [
      claimed(
        'loop-invariant split',
        'with the timestep',
        'dit with captions',
        kept('condition', ['y', 'caption']),
      ),
      claimed(
        'loop-invariant split',
        'with the latent',
        'dit with captions',
        kept('cq0', ['caption']),
      ),
      claimed(
        'loop-invariant split',
        'by its own word',
        'dit with captions',
        kept('condition', ['t', 'y']),
      ),
    ],
  },
];
