/** What a person gets who installs the package: everything it needs, nothing of the workshop. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { packedPage } from '../../scripts/package/links.mjs';
import { VERSION } from '../../src/version.js';
import { importsIn, loadedWith } from './imports.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

test('the version is the one of package.json', () => {
  expect(VERSION).toBe(manifest.version);
});

describe('the packed files', () => {
  // without scripts, so that the build that the tests use stays in place
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string; size: number }[] }];
  const packed = new Set(files.map((file) => file.path));

  test('have what is promised', () => {
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'package.json',
      manifest.bin.stepfold,
    ])
      expect(packed).toContain(file.replace(/^\.\//, ''));
    const targets = Object.values(
      manifest.exports as Record<string, string | Record<string, string>>,
    )
      .flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
      .map((target) => target.replace(/^\.\//, ''));
    for (const target of targets)
      if (target.includes('*'))
        expect(
          [...packed].filter((file) => path.dirname(file) === path.dirname(target)),
        ).toHaveLength(fs.readdirSync(path.join(root, path.dirname(target))).length);
      else expect(packed).toContain(target);
  });

  test('have nothing else', () => {
    const strange = [...packed].filter(
      (file) =>
        !/^(dist\/lib\/([\w-]+\.js|types\/(src|passes)\/.+\.d\.ts)|dist\/src\/runtime\/ort\/(no|node)-engine\.js|schemas\/\w+\.schema\.json|[A-Z]+(\.md)?|package\.json)$/.test(
          file,
        ),
    );
    expect(strange).toEqual([]);
  });

  test('import only one another, declared dependencies and Node', () => {
    const known = new Set([
      ...Object.keys(manifest.dependencies),
      ...builtinModules.map((m) => `node:${m}`),
      ...Object.keys(manifest.imports),
    ]);
    const packageOf = (specifier: string) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    const lost: string[] = [];
    const used = new Set<string>();
    for (const file of packed) {
      if (!/\.(js|d\.ts)$/.test(file)) continue;
      for (const { specifier } of importsIn(fs.readFileSync(path.join(root, file), 'utf8'))) {
        const target = path.join(path.dirname(file), specifier);
        used.add(packageOf(specifier));
        const found = specifier.startsWith('.')
          ? packed.has(target) || packed.has(target.replace(/\.js$/, '.d.ts'))
          : known.has(packageOf(specifier)) || known.has(specifier);
        if (!found) lost.push(`${file}: ${specifier}`);
      }
    }
    expect(lost).toEqual([]);
    // and what nothing imports is not installed
    expect(Object.keys(manifest.dependencies).filter((name) => !used.has(name))).toEqual([]);
  });

  test('have no link that leads nowhere', () => {
    const isPacked = (file: string) => packed.has(file);
    for (const page of ['README.md', 'CHANGELOG.md']) {
      const text = packedPage(fs.readFileSync(path.join(root, page), 'utf8'), isPacked);
      const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
      const lost = targets.filter((target) => !/^https?:/.test(target) && !packed.has(target));
      expect(lost, page).toEqual([]);
    }
    expect([...packed].filter((file) => file.endsWith('.map'))).toEqual([]);
    for (const file of packed)
      if (file.endsWith('.js'))
        expect(fs.readFileSync(path.join(root, file), 'utf8')).not.toContain('sourceMappingURL');
  });

  test('start the command line by themselves', () => {
    const main = fs.readFileSync(path.join(root, manifest.bin.stepfold), 'utf8');
    expect(main.startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});

describe('what is loaded', () => {
  const lib = path.join(root, 'dist/lib');
  const loaded = (file: string) => {
    const { files, packages } = loadedWith(path.join(lib, file));
    return { text: [...files].map((f) => fs.readFileSync(f, 'utf8')).join('\n'), packages };
  };

  test('with the runtime is no compiler and no package', () => {
    const { text, packages } = loaded('runtime.js');
    expect([...packages]).toEqual([]);
    expect(text).toContain('class ScheduledSession');
    expect(text).not.toMatch(/class (Pipeline|Graph)\b/);
    expect(loaded('index.js').text).toMatch(/class Pipeline\b/);
  });

  test('with an entry point for browsers is nothing of Node, and no engine', () => {
    for (const entry of ['index.js', 'passes.js', 'report.js', 'runtime.js'])
      for (const name of loaded(entry).packages) expect(name).not.toMatch(/^node:|^onnxruntime-/);
  });

  test('with the command is no work of it', () => {
    const { text, packages } = loaded('cli.js');
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([
      'picocolors',
      'cli-table3',
      'wrap-ansi',
    ]);
    expect(text).not.toMatch(/\bfunction (transform|calibrate|verify)\b/);
    expect(text).toMatch(/import\("\.\/command-line\.js"\)/);
  });
});

describe('a page without links that lead nowhere', () => {
  const packed = (page: string) => packedPage(page, (file) => file === 'schemas/a.json');

  test.each([
    ['see [how](docs/a.md#part), then', 'see how (docs/a.md), then'],
    ['so it is ([how](docs/a.md)).', 'so it is (docs/a.md).'],
    ['[one](./docs/a.md) and [two](../b.md)', 'one (docs/a.md) and two (../b.md)'],
    ['[kept](schemas/a.json), [kept](#part), [kept](https://example.org/a.md)', undefined],
    ['a\n\n![what it shows](docs/a.png)\n\nb', 'a\n\nb'],
    ['```md\n[how](docs/a.md)\n```', undefined],
  ])('%j', (page, expected = page) => {
    expect(packed(page)).toBe(expected);
  });
});
