/** Outputs that are shaped like the first input. */
import type { Rule } from './context.js';

/** Of its type too; elements are not known. */
export const sameAsFirst: Rule = (c) => ({ dtype: c.dtype(0), shape: c.shape(0) });
