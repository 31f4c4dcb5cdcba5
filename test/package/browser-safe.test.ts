/**
 * Nothing that the entries for browsers import, however deep, is Node's or an engine, or makes code of text, which
 * content security policies may forbid. The runtime imports no package either.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8')) as {
  imports: Record<string, { default: string }>;
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Files reached from the entry, and the bare specifiers that they import. */
function importsOf(entry: string): { files: Set<string>; bare: Map<string, string> } {
  const files = new Set<string>();
  const bare = new Map<string, string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    // A `typeof import()` or `import('…').T` in a type vanishes when it is compiled.
    const text = fs
      .readFileSync(file, 'utf8')
      .replace(/\btypeof import\([^)]*\)|import\([^)]*\)\./g, '');
    for (const [, staticName, dynamicName] of text.matchAll(IMPORT)) {
      const name = (staticName ?? dynamicName)!;
      // what bundlers for browsers take
      const own = manifest.imports[name]?.default.replace('./dist/', './/');
      if (own) visit(path.resolve(own.replace(/\.js$/, '.ts')));
      else if (!name.startsWith('.')) bare.set(name, file);
      else visit(path.resolve(path.dirname(file), name.replace(/\.js$/, '.ts')));
    }
  };
  visit(path.resolve(entry));
  return { files, bare };
}

const entries = {
  stepfold: { entry: 'src/index.ts', reaches: 'src/compiler/emit/bundle-files.ts' },
  'stepfold/passes': { entry: 'passes/index.ts', reaches: 'passes/deepcache/index.ts' },
  'stepfold/report': {
    entry: 'src/report.ts',
    reaches: 'src/evidence/report/heatmap-svg.ts',
  },
  'stepfold/runtime': {
    entry: 'src/runtime.ts',
    reaches: 'src/generated/schemas.ts',
  },
};

/** Packages that run in browsers: pure JavaScript without anything of Node. */
const PURE = new Set([
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  '@dagrejs/dagre',
  '@observablehq/plot',
  'fast-png',
  'linkedom',
  'long',
  'protobufjs/minimal.js',
]);

describe.each(Object.entries(entries))('%s', (_, { entry, reaches }) => {
  const { files, bare } = importsOf(entry);

  it('reaches the files that it is made of', () => {
    expect([...files].map((file) => path.relative('.', file))).toContain(reaches);
  });

  it('imports no engine and nothing of Node', () => {
    expect([...bare].filter(([name]) => !PURE.has(name))).toEqual([]);
  });

  it('evaluates no text as code', () => {
    for (const file of files)
      expect(fs.readFileSync(file, 'utf8'), file).not.toMatch(/\bnew Function\b|\beval\(/);
  });

  it('names no global of Node', () => {
    for (const file of files)
      expect(fs.readFileSync(file, 'utf8'), file).not.toMatch(
        /\b(?:Buffer|process)\.|__dirname|\brequire\(/,
      );
  });
});

describe('stepfold/runtime', () => {
  const { bare } = importsOf(entries['stepfold/runtime'].entry);

  it('imports no package', () => {
    expect(Object.fromEntries(bare)).toEqual({});
  });
});
