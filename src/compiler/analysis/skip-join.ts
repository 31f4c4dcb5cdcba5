/** A skip branch of a U-Net, at the place where it ends. */
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';

export interface SkipJoin {
  /** DeepCache's number: 1 is the outermost skip branch. */
  readonly branch: number;
  /** The Concat or sum where the skip meets the main branch. */
  readonly node: Node;
  /**
   * What DeepCache caches (u_{m+1} of equation 4): the main branch's input of the join, or what lies further back
   * where the main branch comes in by several values or goes around the join as well.
   */
  readonly main: Value;
  /** The encoder's feature map (h_m), with what is added to it. */
  readonly skip: Value;
  /** Joins at each resolution of this U-Net, where they are as many at each. */
  readonly perLevel: number | undefined;
}
