/**
 * What becomes of each setting of a scheduler: it is read, it is known to mean nothing here, or it is
 * refused. The noise schedule and what the model predicts are the file's; where the steps lie and how they
 * end are as in the class of diffusers that is the sampler here when it is made from the same file.
 */
import { NOISE_FIELDS } from './noise-fields.js';
import { PLACE_FIELDS } from './place-fields.js';
import type { Field, FieldRule } from './rules.js';
import { STEP_FIELDS } from './step-fields.js';

export const FIELDS: Readonly<Record<Field, FieldRule>> = {
  ...NOISE_FIELDS,
  ...PLACE_FIELDS,
  ...STEP_FIELDS,
};
