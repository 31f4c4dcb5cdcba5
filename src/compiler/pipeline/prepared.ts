/** A model as all that is asked about it goes by. */
import type { Model } from '../../model/ir/model.js';
import type { Followers, ShapeTable } from '../../model/shape/index.js';
import type { InputRoles } from '../analysis/index.js';
import type { TraceEntry } from '../canonicalize/index.js';
import type { WatchOptions } from '../stages/index.js';
import type { PrepareOptions } from './options.js';

/** Options that change what comes of reading a model. */
export type Reading = Omit<PrepareOptions, keyof WatchOptions>;

/** A model and what is known of it. */
export interface ModelInCanonicalForm {
  /** The model as it was given. */
  readonly source: Model;
  /** Its canonical form, which sites and plans speak of. */
  readonly canonical: Model;
  readonly shapes: ShapeTable;
  readonly roles: InputRoles;
  readonly bindings: ReadonlyMap<string, number>;
  /**
   * Symbols of the inputs whose sizes follow from others'.
   * @internal
   */
  readonly followers?: Followers;
  /** What canonicalization rewrote, in order. */
  readonly trace: readonly TraceEntry[];
  /** What it left undone, and what of the file was left out, and why: sentences without a full stop. */
  readonly notes: readonly string[];
}

/** What `prepare` makes of a model. To be left as it is: more than one compilation may begin with it. */
export interface Prepared extends ModelInCanonicalForm {
  /** @internal */
  readonly reading: Reading;
}
