/**
 * What the package promises. `api/` has every exported name with its signature, so that a change of the surface is
 * seen where it is reviewed; `npm run api` writes it anew after a build.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { ENTRY_POINTS, readSurfaces, root } from './surface.js';

const SUMMARY = path.join(root, 'api', 'README.md');

/** Whoever runs bundles meets errors and loads no compiler, so that these are in two entry points. */
const IN_TWO = ['ErrorCode', 'ErrorDetails', 'StepfoldError'];

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-api-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const surfaces = readSurfaces(scratch);
const surfaceOf = (specifier: string) => surfaces.get(specifier)!;
/** By entry point, the names that are there at run time. */
const loaded = new Map(
  await Promise.all(
    ENTRY_POINTS.map(async ({ specifier, module }) => {
      const exported = (await import(pathToFileURL(module).href)) as object;
      return [specifier, Object.keys(exported)] as const;
    }),
  ),
);
const loadedOf = (specifier: string) => loaded.get(specifier)!;
const everything = new Set([...surfaces.values()].flatMap(({ names }) => [...names]));

function summary(): string {
  const rows = [...surfaces].map(([specifier, { names }]) => {
    const values = loadedOf(specifier).length;
    const { report } = ENTRY_POINTS.find((entry) => entry.specifier === specifier)!;
    const link = `[\`${specifier}\`](${path.basename(report)})`;
    return `| ${link} | ${values} | ${names.size - values} | ${names.size} |\n`;
  });
  const values = new Set([...loaded.values()].flat());
  return `# Public surface

Every name that the package exports, with its signature, by entry point. What is not here is nobody's to rely on: see
[stability](../docs/stability.md). \`npm run api\` writes these files from the built declarations, and a test
holds them to those.

| entry point | values | types | names |
|---|---|---|---|
${rows.join('')}| all | ${values.size} | ${everything.size - values.size} | ${everything.size} |
`;
}

function expectFile(file: string, text: string): void {
  if (process.env.UPDATE_API) fs.writeFileSync(file, text);
  expect(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '').toBe(text);
}

describe.each(ENTRY_POINTS)('$specifier', ({ specifier, report }) => {
  const { text, names, values, classes, mentioned, problems } = surfaceOf(specifier);

  it('is what its report says', () => {
    expectFile(report, text);
  });

  it('mentions no type that nobody exports', () => {
    // a list in capitals is a value of which a type is made
    const missing = [...mentioned].filter(
      (name) => !everything.has(name) && !/^[A-Z_]+$/.test(name),
    );
    expect(missing).toEqual([]);
  });

  it('exports at run time what is declared, and nothing else', () => {
    const loaded = loadedOf(specifier);
    expect(loaded.filter((name) => !values.has(name) && !classes.has(name))).toEqual([]);
    expect([...values].filter((name) => !loaded.includes(name))).toEqual([]);
  });

  it('has a name for everything', () => {
    expect([...names].filter((name) => /_\d+$/.test(name))).toEqual([]);
    expect(problems).toEqual([]);
  });
});

test('a name is at home in one entry point', () => {
  const homes = [...everything].map((name) => ({
    name,
    count: [...surfaces.values()].filter(({ names }) => names.has(name)).length,
  }));
  expect(homes.filter(({ count }) => count > 1).map(({ name }) => name)).toEqual(IN_TWO);
  expect(homes.filter(({ count }) => count > 2)).toEqual([]);
});

test('of the makers of errors, the one that passes need is public', () => {
  const makers = [...surfaces.values()].flatMap(({ text }) => [
    ...text.matchAll(/^export (?:const|function) (\w+)\b.*=> (?:Stepfold|Result)Error;$/gm),
  ]);
  expect(makers.map(([, name]) => name)).toEqual(['badOption']);
});

test('how much there is', () => {
  expectFile(SUMMARY, summary());
});

test('the declarations compile, also where a dependent checks those of libraries', () => {
  // within the checkout, where the package finds itself by its name
  const folder = fs.mkdtempSync(path.join(root, '.api-check-'));
  try {
    const imports = ENTRY_POINTS.map(
      ({ specifier }, i) => `export * as entry${i} from '${specifier}';\n`,
    );
    fs.writeFileSync(path.join(folder, 'all.ts'), imports.join(''));
    const compilerOptions = { noEmit: true, rootDir: '..', skipLibCheck: false };
    fs.writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] }),
    );
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: root,
      encoding: 'utf8',
    });
    // what is wrong in declarations of dependencies is not ours to mend
    expect(stdout.split('\n').filter((line) => /^(dist|\.api-check)/.test(line))).toEqual([]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
