/**
 * Nothing that `stepfold/runtime` imports, however deep, is Node's or an engine: what is left must
 * run in a browser. Also, validators must not compile code at run time (content security policies).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Files reached from the entry, and the bare specifiers that they import. */
function importsOf(entry: string): { files: Set<string>; bare: Map<string, string> } {
  const files = new Set<string>();
  const bare = new Map<string, string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    // A `typeof import()` or `import('…').T` in a type vanishes when it is compiled.
    const text = readFileSync(file, 'utf8').replace(
      /\btypeof import\([^)]*\)|import\([^)]*\)\./g,
      '',
    );
    for (const [, staticName, dynamicName] of text.matchAll(IMPORT)) {
      const name = (staticName ?? dynamicName)!;
      if (!name.startsWith('.')) bare.set(name, file);
      else visit(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
    }
  };
  visit(entry);
  return { files, bare };
}

describe('stepfold/runtime', () => {
  const { files, bare } = importsOf(resolve('src/runtime/index.ts'));

  it('reaches the files that it is made of', () => {
    const names = [...files].map((file) => file.slice(resolve('src').length + 1));
    expect(names).toContain('runtime/scheduled-session.ts');
    expect(names).toContain('generated/validators.ts');
    expect([...files].every((file) => existsSync(file))).toBe(true);
  });

  it('imports no package, no engine and nothing of Node', () => {
    expect(Object.fromEntries(bare)).toEqual({});
  });

  it('evaluates no text as code', () => {
    for (const file of files)
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/\bnew Function\b|\beval\(|\brequire\(/);
  });

  it('names no global of Node', () => {
    for (const file of files)
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/\b(?:Buffer|process)\.|__dirname/);
  });
});
