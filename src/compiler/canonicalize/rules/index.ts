/** Rules in the order in which they are tried on a node; the first that matches wins. */
import type { Rule } from '../rewrite.js';
import { constantNode } from './constant-node.js';
import { inlineIf } from './inline-if.js';
import { knownIntegers } from './known-integers.js';
import { localShape } from './local-shape.js';
import { noOperation } from './no-operation.js';
import { reshapeTarget } from './reshape-target.js';
import { resizeScale } from './resize-scale.js';
import { skipNorm } from './skip-norm.js';
import { zeroAdd } from './zero-add.js';

export const RULES: readonly Rule[] = [
  constantNode,
  knownIntegers,
  inlineIf,
  noOperation,
  zeroAdd,
  reshapeTarget,
  resizeScale,
  localShape,
  skipNorm,
];
