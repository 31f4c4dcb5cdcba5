/** The command answers `--help` and `--version` at once: it loads what options are called, and no work. */
import { expect, test } from 'vitest';
import { loadedWith } from './imports.js';

/** Folders that are small, and say what there is to choose. */
const AT_ONCE = ['src/cli/', 'src/errors/', 'src/io/', 'src/runtime/samplers/', 'src/version.ts'];

test('beside these, only files that import nothing of ours but errors are loaded with the command line', () => {
  const loaded = loadedWith('src/cli/command-line.ts');
  expect(loaded.size).toBeGreaterThan(AT_ONCE.length);
  const elsewhere = [...loaded.keys()].filter(
    (file) => !AT_ONCE.some((folder) => file.startsWith(folder)),
  );
  const further = elsewhere.flatMap((file) =>
    [...loadedWith(file).keys()]
      .filter((other) => other !== file && !other.startsWith('src/errors/'))
      .map((other) => `${loaded.get(file)} loads ${file}, and that ${other}`),
  );
  expect(further).toEqual([]);
});
