/** What kind of model it is, in a line or two. */
import type { Inspected } from '../../../compiler/inspect/inspect.js';
import { countModules } from './attention.js';

/** Nothing where it is neither a U-Net nor has attention. */
export function whatItIs({ unet, inspection }: Pick<Inspected, 'unet' | 'inspection'>): string[] {
  const modules = countModules(inspection.attention);
  if (!unet.isUnet)
    return modules ? [`A transformer with ${modules}.`, `No U-Net: ${unet.refusal.reason}.`] : [];
  const branches = `${unet.joins.length} skip branch${unet.joins.length === 1 ? '' : 'es'}`;
  return [`A U-Net with ${[branches, modules].filter(Boolean).join(', ')}.`];
}
