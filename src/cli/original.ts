/** What is said of the source's denoiser in a pipeline's folder that was written. */
import type { Original } from '../compiler/emit/index.js';
import { print } from './output.js';

const BY = {
  linked: 'hard links to the source',
  cloned: 'clones of the source',
  copied: 'copied',
} as const satisfies Record<Original['files'][string], string>;

/** @param original undefined where no pipeline was written */
export function printOriginal(original: Original | undefined): void {
  if (!original) return;
  const { files, leftOut } = original;
  if (leftOut !== undefined) print(`For other tools: no model, since ${leftOut}`);
  const parts = Object.entries(BY).flatMap(([by, what]) => {
    const names = Object.keys(files).filter((name) => files[name] === by);
    return names.length > 0 ? [`${names.join(', ')} (${what})`] : [];
  });
  if (parts.length > 0) print(`For other tools: ${parts.join('; ')}`);
}
