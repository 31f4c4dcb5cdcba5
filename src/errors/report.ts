/** Errors about pages that show a bundle. */
import { StepfoldError } from './base.js';

export const plansNeedSource = () =>
  new StepfoldError('REPORT_SOURCE', 'Plans can be compared only by running them on the source.', {
    hint: 'Give the source with --against, and leave out --no-measure.',
  });

export const planNoThreshold = (file: string) =>
  new StepfoldError(
    'REPORT_NO_THRESHOLD',
    `"${file}" records no threshold and passes of a search.`,
    {
      file,
      hint: 'Give plans that `stepfold calibrate` wrote.',
    },
  );

export const reportMissing = (file: string, why: string) =>
  new StepfoldError('REPORT_MISSING', `"${file}" cannot be read: ${why}.`, {
    file,
    hint: 'Write the bundle again with `stepfold transform --force`.',
  });
