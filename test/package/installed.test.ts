/** The package as it is installed: in an empty project, from its tarball, beside its dependencies and nothing else. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, pack } from '../../scripts/package/install.mjs';
import { readSurfaces, root } from './surface.js';

const UNET = path.join(root, 'samples/digits/digits-unet.onnx');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-installed-'));
const project = path.join(scratch, 'project');

beforeAll(() => {
  fs.mkdirSync(project);
  // the pages that scripts would change are no matter here, and the build is in use
  const { tarball } = pack(scratch, { scripts: false });
  install(project, tarball, ['@types/node']);
}, 240_000);
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const write = (file: string, text: string): string => {
  fs.writeFileSync(path.join(project, file), text);
  return file;
};

function run(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const command = (...args: string[]) => run(['node_modules/stepfold/dist/lib/cli.js', ...args]);

/** The names of the entry points, by how they are imported and by the file that is built of each. */
const ENTRIES: Readonly<Record<string, string>> = {
  stepfold: 'src/index.js',
  'stepfold/passes': 'passes/index.js',
  'stepfold/runtime': 'src/runtime.js',
  'stepfold/report': 'src/report.js',
  'stepfold/node': 'src/node.js',
};

describe('at run time', () => {
  test('every entry point has what its sources have', async () => {
    const script = `const names = {};
for (const entry of ${JSON.stringify(Object.keys(ENTRIES))})
  names[entry] = Object.keys(await import(entry));
console.log(JSON.stringify(names));`;
    const { stdout, stderr } = run([write('names.mjs', script)]);
    expect(stderr).toBe('');
    const names = JSON.parse(stdout) as Record<string, string[]>;
    for (const [entry, file] of Object.entries(ENTRIES)) {
      const built = (await import(pathToFileURL(path.join(root, 'dist', file)).href)) as object;
      expect(names[entry]!.sort(), entry).toEqual(Object.keys(built).sort());
    }
  });

  test('schemas and the manifest are found', () => {
    const script = `import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
for (const file of ['schemas/schedule.schema.json', 'package.json'])
  console.log(typeof JSON.parse(fs.readFileSync(fileURLToPath(import.meta.resolve('stepfold/' + file)), 'utf8')));`;
    expect(run([write('schemas.mjs', script)]).stdout).toBe('object\nobject\n');
  });

  test('the command writes the bundle that the build writes, and proves it', () => {
    const args = [
      'transform',
      UNET,
      '--pass',
      'deepcache:branch=3,interval=3',
      '--calls',
      '6',
      '-o',
    ];
    expect(command(...args, 'bundle')).toMatchObject({ status: 0, stderr: '' });
    const built = run([path.join(root, 'dist/src/cli/main.js'), ...args, 'built']);
    expect(built.status).toBe(0);
    const files = (folder: string) => fs.readdirSync(path.join(project, folder)).sort();
    expect(files('bundle')).toEqual(files('built'));
    for (const file of files('bundle')) {
      const [ours, theirs] = ['bundle', 'built'].map((f) =>
        fs.readFileSync(path.join(project, f, file)),
      );
      expect(ours!.equals(theirs!), file).toBe(true);
    }
    expect(command('verify', 'bundle', '--against', UNET).status).toBe(0);
  });

  test('nothing makes code of text, as content security policies ask', () => {
    const cli = 'node_modules/stepfold/dist/lib/cli.js';
    const strict = (...args: string[]) =>
      run(['--disallow-code-generation-from-strings', cli, ...args]);
    const plugin = path.join(root, 'samples/plugins/feed-forward-cache.mjs');
    const dit = path.join(root, 'samples/dit-digits/dit-digits.onnx');
    const request = ['--plugin', plugin, '--pass', 'feed-forward-cache:interval=2', '--calls', '4'];
    expect(strict('transform', dit, ...request, '-o', 'strict')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(strict('report', 'strict', '--plugin', plugin, '-o', 'strict.html').stderr).toBe('');
    // the flag does what is said of it
    expect(
      run(['--disallow-code-generation-from-strings', '-e', "new Function('')"]).status,
    ).not.toBe(0);
  });

  test('a bundle runs in a worker thread', () => {
    const script = `import { openBundle } from 'stepfold/node';
const session = await openBundle('bundle', { worker: true });
console.log(session.calls.length);
await session.release();`;
    expect(run([write('worker.mjs', script)])).toMatchObject({ status: 0, stdout: '6\n' });
  });

  test('a bundler for browsers finds nothing of Node, and no engine', async () => {
    const input = write(
      'page.mjs',
      `export * as compiler from 'stepfold';
export { passes } from 'stepfold/passes';
export { heatmapSvg } from 'stepfold/report';
export { ScheduledSession } from 'stepfold/runtime';`,
    );
    const complaints: string[] = [];
    const build = await rolldown({
      input: path.join(project, input),
      platform: 'browser',
      // what dependencies do to themselves is theirs
      onLog: (_, { message, id }) => {
        if (id === undefined || id.includes('stepfold')) complaints.push(message);
      },
    });
    const { output } = await build.generate({ format: 'esm' });
    await build.close();
    expect(complaints).toEqual([]);
    for (const file of output) {
      if (file.type !== 'chunk') continue;
      const outside = file.imports.filter(
        (name) => !output.some(({ fileName }) => fileName === name),
      );
      expect([...outside, ...file.dynamicImports.filter((name) => !name.endsWith('.js'))]).toEqual(
        [],
      );
      expect(
        Object.keys(file.modules).filter((id) => /onnxruntime-node|node-engine/.test(id)),
      ).toEqual([]);
    }
    const modules = output.flatMap((file) =>
      file.type === 'chunk' ? Object.keys(file.modules) : [],
    );
    expect(modules.some((id) => id.endsWith('no-engine.js'))).toBe(true);
  });

  test('a plugin and the command have one copy of everything', () => {
    // an error that the command knows is one of its own class; any other would be PASS_THREW
    const script = `import { StepfoldError } from 'stepfold';
import { badOption, deepcache, passes } from 'stepfold/passes';
import { StepfoldError as again } from 'stepfold/runtime';
if (again !== StepfoldError || passes.deepcache !== deepcache) throw new Error('two copies');
export default { ...deepcache, name: 'mine', propose: () => { throw badOption('mine', 'branch', 'it is ours'); } };`;
    const plugin = write('plugin.mjs', script);
    const told = command(
      'transform',
      UNET,
      '--plugin',
      plugin,
      '--pass',
      'mine:branch=3,interval=3',
      '--calls',
      '6',
      '-o',
      'x',
    );
    expect(told.stderr).toContain('Pass "mine", option "branch": it is ours.');
    expect(told.status).toBe(2);
  });
});

describe('types', () => {
  const surfaces = readSurfaces(scratch);
  const program = [
    ...[...surfaces].map(([specifier], i) => `export * as all${i} from '${specifier}';`),
    ...[...surfaces].map(
      ([specifier, { names }], i) =>
        `export type { ${[...names].map((name) => `${name} as ${name}_${i}`).join(', ')} } from '${specifier}';`,
    ),
    `import { Pipeline } from 'stepfold';
import { deepcache } from 'stepfold/passes';
import { loadModel, writeBundle } from 'stepfold/node';
const model = loadModel('unet.onnx');
const compilation = await Pipeline.create({ calls: 50 }).use(deepcache, { branch: 2 }).compile(model);
export const calls: number = writeBundle(compilation, 'bundle', { sourceFile: 'unet.onnx' }).calls.length;`,
  ].join('\n');

  test.each([
    ['node16', { module: 'node16', moduleResolution: 'node16', lib: ['es2023', 'dom'], types: [] }],
    [
      'bundler',
      { module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'], types: [] },
    ],
    ['nodenext', { module: 'nodenext', lib: ['es2023', 'dom'], types: ['node'] }],
  ])('compile with those of dependencies checked too: %s', (name, options) => {
    write('program.ts', `${program}\n`);
    const config = write(
      `${name}.json`,
      JSON.stringify({
        compilerOptions: {
          ...options,
          target: 'es2023',
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: ['program.ts'],
      }),
    );
    const { status, stdout } = run([
      path.join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      config,
    ]);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test('name no package that is not installed with it', () => {
    expect(fs.existsSync(path.join(project, 'node_modules/onnx-proto'))).toBe(false);
    expect(fs.existsSync(path.join(project, 'node_modules/ajv'))).toBe(false);
  });
});
