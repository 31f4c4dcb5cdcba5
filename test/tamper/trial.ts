/**
 * Tries changes: each must change what a loop gives, by the oracle, and must be caught by `verify`, by a
 * coded error or a report that does not pass.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { StepfoldError } from '../../src/errors/index.js';
import { verifyBundle } from '../../src/node.js';
import { type BundleName, RECIPES } from './bundles.js';
import type { Change, Kind } from './kind.js';
import { distance, type Loops, readSchedule, runLoops } from './loop.js';
import { MISSES } from './misses.js';
import type { Tampered } from './tampered.js';
import { Workshop } from './workshop.js';

/** A line for each kind and each change of it. */
export function tryKinds(kinds: readonly Kind[]): void {
  const workshop = new Workshop();
  afterAll(() => workshop.close());
  const judge = new Judge(workshop);
  for (const kind of kinds)
    describe(kind.name, () => {
      for (const change of kind.changes) {
        const name = `${change.on}: ${change.what}`;
        const run = MISSES.has(`${kind.name}, ${name}`) ? test.fails : test;
        run(name, async () => {
          const bundle = await workshop.copy(change.on);
          await change.edit(bundle, workshop);
          bundle.save();
          const effect = kind.said ? Promise.resolve(1) : judge.effect(change, bundle);
          if (kind.stops) await expect(effect).rejects.toThrow();
          else expect(await effect).toBeGreaterThan(0);
          expect(await judge.caught(change.on, bundle)).toBe(true);
        });
      }
    });
}

export class Judge {
  private readonly loops = new Map<BundleName, Promise<Loops>>();

  constructor(private readonly workshop: Workshop) {}

  /** How far the loop of a changed bundle is from that of the bundle as it was made. */
  async effect({ on, at }: Pick<Change, 'on' | 'at'>, { folder }: Tampered): Promise<number> {
    const original = await this.workshop.original(on);
    const given = readSchedule(original);
    if (at) return distance(await runLoops(folder, given, at), await runLoops(original, given, at));
    let reference = this.loops.get(on);
    if (!reference) {
      reference = runLoops(original, given);
      this.loops.set(on, reference);
    }
    return distance(await runLoops(folder, given), await reference);
  }

  async caught(on: BundleName, bundle: Tampered): Promise<boolean> {
    return (await this.problems(on, bundle)).length > 0;
  }

  /** Why `verify` does not let a bundle pass; anything but a coded error is an error of its own. */
  async problems(on: BundleName, { folder }: Tampered): Promise<string[]> {
    const model = this.workshop.source(RECIPES[on].source);
    try {
      const report = await verifyBundle({ folder, model, levels: ['disabled'] });
      return report.passed ? [] : [JSON.stringify(report)];
    } catch (error) {
      if (error instanceof StepfoldError) return [`${error.code}: ${error.message}`];
      throw error;
    }
  }
}
