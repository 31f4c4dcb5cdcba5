/** The package beside this one: what it needs it says, and this one does not need it. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const place = path.join(root, 'packages/queue');
const read = (folder: string) =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  > & {
    readonly name: string;
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
const [core, queue] = [read(root), read(place)];

/** Also within types. */
const IMPORT = /(?:\bfrom |\bimport\()['"]([^'"\n]+)['"]/g;

test('is of the same version, engines and license', () => {
  for (const field of ['version', 'engines', 'license', 'type'])
    expect(queue[field], field).toEqual(core[field]);
});

test('is nothing that this one needs', () => {
  const fields = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'];
  const needed = fields.flatMap((field) => Object.keys(core[field] ?? {}));
  for (const name of [queue.name, ...Object.keys(queue.dependencies)])
    expect(needed).not.toContain(name);
});

test('has what it imports, in itself or among its dependencies, and nothing else', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: place,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const packed = files.map((file) => file.path);
  expect(
    packed.filter((file) => !/^(dist\/.+\.(js|d\.ts)|[A-Z]+(\.md)?|package\.json)$/.test(file)),
  ).toEqual([]);
  const imported = new Set<string>();
  for (const file of packed.filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const text = fs.readFileSync(path.join(place, file), 'utf8');
    for (const [, specifier = ''] of text.matchAll(IMPORT))
      if (!specifier.startsWith('.')) imported.add(specifier);
      else
        expect(packed, `${file}: ${specifier}`).toContain(
          path.posix.join(path.posix.dirname(file), specifier),
        );
  }
  const node = builtinModules.map((name) => `node:${name}`);
  expect([...imported].filter((name) => !node.includes(name)).sort()).toEqual(
    Object.keys(queue.dependencies).sort(),
  );
});
