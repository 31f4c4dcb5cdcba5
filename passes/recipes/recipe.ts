/** What a recipe is: passes with their options for a loop, and who says so. */
import type { PassContext, PassRequest } from '../../src/compiler/pass/index.js';

export type Source =
  /** Nothing is approximated, so that there is nothing to measure. */
  | { readonly kind: 'exact'; readonly text: string }
  /** By our own tables; `where` is a heading of docs/measurements.md. */
  | { readonly kind: 'measured'; readonly text: string; readonly where: string }
  /** By a paper alone. */
  | { readonly kind: 'paper'; readonly text: string }
  /** What another program does unless it is told otherwise. */
  | { readonly kind: 'shipped'; readonly text: string };

/** Why there is no such setting for a model or a loop: a sentence without a full stop. */
export interface NoSetting {
  readonly reason: string;
}

export interface Recipe {
  /** As `--recipe` takes it. */
  readonly name: string;
  /** Its settings for a loop of any length, in words. */
  readonly settings: string;
  readonly source: Source;
  /** In the order in which they are given. */
  passes(context: PassContext): readonly PassRequest[] | NoSetting;
}

export const isSetting = (
  found: readonly PassRequest[] | NoSetting,
): found is readonly PassRequest[] => Array.isArray(found);
