/** What a person gets who installs the package: everything it needs, nothing of the workshop. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/version.js';

/** What TypeScript's compiler writes for an import or export from elsewhere. */
const IMPORT =
  /(?:^(?:import|export)\b[^'"\n]* from |^\} from |^import |\bimport\()['"]([^'"\n]+)['"]/gm;

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
        expect([...packed].filter((file) => file.startsWith(path.dirname(target)))).toHaveLength(4);
      else expect(packed).toContain(target);
  });

  test('have nothing else', () => {
    const strange = [...packed].filter(
      (file) =>
        !/^(dist\/(src|passes)\/.+\.(js|d\.ts)|schemas\/\w+\.schema\.json|[A-Z]+(\.md)?|package\.json)$/.test(
          file,
        ),
    );
    expect(strange).toEqual([]);
    expect(files.reduce((sum, file) => sum + file.size, 0)).toBeLessThan(4 * 2 ** 20);
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
    for (const file of packed) {
      if (!/\.(js|d\.ts)$/.test(file)) continue;
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      for (const [, specifier = ''] of text.matchAll(IMPORT)) {
        const target = path.join(path.dirname(file), specifier);
        const found = specifier.startsWith('.')
          ? packed.has(target) || packed.has(target.replace(/\.js$/, '.d.ts'))
          : known.has(packageOf(specifier)) || known.has(specifier);
        if (!found) lost.push(`${file}: ${specifier}`);
      }
    }
    expect(lost).toEqual([]);
  });

  test('start the command line by themselves', () => {
    const main = fs.readFileSync(path.join(root, manifest.bin.stepfold), 'utf8');
    expect(main.startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});
