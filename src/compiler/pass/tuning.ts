/** What a search over settings, `stepfold tune`, varies of a pass beside which steps are full and the order of its forecast. */
import type { PassContext } from './pass.js';

export interface PassTuning {
  /** Nothing is approximated: it goes beside every other setting, where it is found to save time. */
  readonly exact?: boolean;
  /**
   * Options that differ in what of the model is kept; none where it has nothing of the kind. The search says which
   * steps are full (`fullSteps`), and, where the schema has an `order`, which.
   */
  choices(context: PassContext): readonly Readonly<Record<string, unknown>>[];
}
