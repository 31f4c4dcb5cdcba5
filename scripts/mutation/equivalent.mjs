// Changes that alter nothing anybody could see: scripts/mutation/equivalent.json names each with the reason.
// They are found by what stands in their line, so that code may move.
import fs from 'node:fs';
import { linesOf } from './table.mjs';

/** The results that are named there, and what is named in the files at hand though no change is like it. */
export function equivalents(results, places) {
  const known = JSON.parse(fs.readFileSync('scripts/mutation/equivalent.json', 'utf8'));
  const entries = new Set();
  const met = new Set();
  for (const result of results) {
    if (result.status === 'Ignored') continue;
    const { file, mark, became } = linesOf(result);
    const entry = known[file]?.find(
      (e) => e.was === mark && (e.became === became || e.became === '*'),
    );
    if (!entry) continue;
    entries.add(result);
    met.add(entry);
  }
  const isWhole = (file) =>
    places.some(({ file: place, pattern }) =>
      pattern.endsWith('/**/*.ts') ? file.startsWith(`${place}/`) : pattern === file,
    );
  const stale = Object.entries(known)
    .filter(([file]) => isWhole(file))
    .flatMap(([file, list]) =>
      list.filter((entry) => !met.has(entry)).map((entry) => `${file}: ${entry.was}`),
    );
  return { entries, stale };
}
