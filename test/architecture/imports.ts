/** Which file imports which, read off the text. */
import fs from 'node:fs';
import path from 'node:path';

const FROM = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/** By file, the files that it imports, types included; both as paths from the root. */
export function readImports(): ReadonlyMap<string, readonly string[]> {
  const files = ['src', 'passes'].flatMap((folder) =>
    fs
      .readdirSync(folder, { recursive: true })
      .map((name) => path.posix.join(folder, String(name).replaceAll('\\', '/')))
      .filter((name) => name.endsWith('.ts')),
  );
  const known = new Set(files);
  return new Map(
    files.sort().map((file) => {
      const text = fs.readFileSync(file, 'utf8');
      const imported = [...text.matchAll(FROM)].map(([, specifier]) =>
        path.posix.join(path.posix.dirname(file), specifier!).replace(/\.js$/, '.ts'),
      );
      const missing = imported.find((name) => !known.has(name));
      if (missing) throw new Error(`"${file}" imports "${missing}", which is not there`);
      return [file, imported];
    }),
  );
}

/** An import that is followed when the file is loaded: not `import type`, and not `import('…')`. */
const LOADED = /^(?:import|export)\s+(?!type\b)[^;']*?\bfrom\s+'(\.{1,2}\/[^']+)'/gm;

/** The files that are loaded with one, itself among them, and by which other. */
export function loadedWith(file: string): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>([[file, undefined]]);
  for (const at of found.keys())
    for (const [, specifier] of fs.readFileSync(at, 'utf8').matchAll(LOADED)) {
      const next = path.posix.join(path.posix.dirname(at), specifier!).replace(/\.js$/, '.ts');
      if (!found.has(next)) found.set(next, at);
    }
  return found;
}

/** Groups of files that all reach each other (Tarjan, 1972), of more than one. */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string) => {
    index.set(file, index.size);
    lowest.set(file, index.get(file)!);
    stack.push(file);
    for (const next of imports.get(file)!) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}
