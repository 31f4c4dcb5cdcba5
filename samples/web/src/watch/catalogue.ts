/** The models and schedules that can be watched; build.mjs makes them from the same list. */
import entries from '../../catalogue.json';

export interface CatalogueModel {
  readonly id: string;
  readonly title: string;
  /** Pixels of an edge. */
  readonly size: number;
  readonly steps: number;
  /** Of the path of flow matching, for models that were trained along it. */
  readonly shift?: number;
  readonly order: 'cond-first' | 'uncond-first';
  readonly variants: readonly { readonly id: string; readonly title: string }[];
}

export const catalogue = entries as readonly CatalogueModel[];
