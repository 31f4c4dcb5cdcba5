/** What built JavaScript and declarations import, and what is loaded with a file. */
import fs from 'node:fs';
import path from 'node:path';

export interface Import {
  readonly specifier: string;
  /** Loaded with the file, and not when it is called for. */
  readonly atOnce: boolean;
}

/** Names of modules alone have these letters; words in messages end in others, or stand in backticks. */
const IMPORT = /\b(from|import)(\s*\(?)\s*["']([\w@#./:-]+)["']/g;

export const importsIn = (text: string): Import[] =>
  [...withoutComments(text).matchAll(IMPORT)].map(([, word, opened = '', specifier = '']) => ({
    specifier,
    atOnce: !(word === 'import' && opened.includes('(')),
  }));

/** Examples in declarations import what a user has; what is built has no comments. */
const withoutComments = (text: string) => text.replaceAll(/^ *\/\*\*[\s\S]*?\*\/$/gm, '');

/** Files that are loaded with one, and the packages that they import. */
export function loadedWith(file: string) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (at: string) => {
    if (files.has(at)) return;
    files.add(at);
    for (const { specifier, atOnce } of importsIn(fs.readFileSync(at, 'utf8'))) {
      if (!atOnce) continue;
      if (specifier.startsWith('.')) visit(path.resolve(path.dirname(at), specifier));
      else packages.add(specifier);
    }
  };
  visit(file);
  return { files, packages };
}
