/** What a kind of change is: a few lines in a table, tried by `trial.ts` and listed in docs/tampering.md. */
import type { BundleName } from './bundles.js';
import type { Sizes } from './loop.js';
import type { Tampered } from './tampered.js';
import type { Workshop } from './workshop.js';

type Edit = (bundle: Tampered, workshop: Workshop) => void | Promise<void>;

export interface Change {
  readonly on: BundleName;
  readonly what: string;
  readonly edit: Edit;
  /** Sizes at which it shows, where the usual ones do not show it. */
  readonly at?: Sizes;
}

export interface Kind {
  /** As the page calls it. */
  readonly name: string;
  readonly changes: readonly Change[];
  /** What is changed is only said, so no number comes out otherwise and no oracle is asked. */
  readonly said?: true;
  /** The loop does not run any more. */
  readonly stops?: true;
}

export const change = (on: BundleName, what: string, edit: Edit): Change => ({ on, what, edit });

/** The same change of several bundles. */
export const changes = (on: readonly BundleName[], what: string, edit: Edit): Change[] =>
  on.map((name) => change(name, what, edit));
