/** Puts defaults into a bundle that is there already. */
import fs from 'node:fs';
import path from 'node:path';
import { readDefaults } from '../../runtime/node/index.js';
import { defaultsFiles, type LoopDefaults, namesOfDefaults } from './defaults.js';
import { writeFile } from './folder.js';

/**
 * Arrays first and what names them last, so that whoever reads meanwhile finds either the old or the new.
 * @returns the files that are written; none where nothing is said, and then nothing is taken away either
 * @throws WRITE_FAILED, and what reading those that are there throws
 */
export function keepDefaults(folder: string, defaults: LoopDefaults): string[] {
  const files = defaultsFiles(defaults);
  if (files.length === 0) return [];
  const before = readDefaults(folder);
  for (const { name, bytes } of files) writeFile(path.join(folder, name), bytes);
  const now = new Set(files.map(({ name }) => name));
  for (const name of before ? namesOfDefaults(before) : [])
    if (!now.has(name)) fs.rmSync(path.join(folder, name), { force: true });
  return files.map(({ name }) => path.join(folder, name));
}
