/**
 * Packs the package and installs it into an empty project, with the versions of package-lock.json and from npm's cache where
 * it has them, so that what is measured or tested is what a user gets, and no network is needed after `npm ci`.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/**
 * @param {string} folder where the tarball goes
 * @param {{ scripts: boolean, of?: string }} options with scripts npm builds first, and packs pages without links that lead
 *   nowhere; `of` which folder of the repository, by default the package in its root
 */
export function pack(folder, { scripts, of = '.' }) {
  const args = ['pack', '--json', '--pack-destination', folder];
  const text = npm([...args, ...(scripts ? [] : ['--ignore-scripts'])], path.join(root, of));
  // what scripts print comes first
  const [{ filename, files, size, unpackedSize }] = JSON.parse(text.slice(text.search(/^\[/m)));
  return { tarball: path.join(folder, filename), files, size, unpackedSize };
}

/**
 * @param {string} project an empty folder
 * @param {string} tarball
 * @param {readonly string[]} [others] packages of package-lock.json to have beside it
 */
export function install(project, tarball, others = []) {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(root, name), 'utf8'));
  const { packages } = read('package-lock.json');
  const own = read('package.json');
  const wanted = [...Object.keys(own.dependencies), ...others];
  // as seen from the project: a whole path may have letters that npm reads as those of an address
  const spec = `file:${path.relative(project, tarball).replaceAll(path.sep, '/')}`;
  const dependencies = { stepfold: spec, ...versions(packages, others) };
  const locked = closure(packages, wanted);
  const manifest = { name: 'an-empty-project', version: '1.0.0', private: true, dependencies };
  const write = (name, content) =>
    fs.writeFileSync(path.join(project, name), JSON.stringify(content, null, 2));
  write('package.json', { ...manifest, type: 'module' });
  write('package-lock.json', {
    ...{ name: manifest.name, version: manifest.version, lockfileVersion: 3, requires: true },
    packages: {
      '': manifest,
      'node_modules/stepfold': {
        ...{ version: own.version, resolved: spec, license: own.license },
        ...{ dependencies: own.dependencies, bin: own.bin, engines: own.engines },
      },
      ...locked,
    },
  });
  npm(['ci', '--prefer-offline', '--no-audit', '--no-fund'], project);
}

const versions = (packages, names) =>
  Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`].version]));

/** The entries of a lock file that packages need, by where they lie. */
function closure(packages, names) {
  const found = {};
  const add = (name, from) => {
    const at = placeOf(packages, name, from);
    if (at === undefined || found[at]) return;
    const { dev: _, ...entry } = packages[at];
    found[at] = entry;
    const { dependencies = {}, optionalDependencies = {} } = entry;
    for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) add(other, at);
  };
  for (const name of names) add(name, '');
  return found;
}

/** Where Node finds a package from another: beside it, or further up. */
function placeOf(packages, name, from) {
  for (
    let folder = from;
    ;
    folder = folder.replace(/(^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')
  ) {
    const at = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[at]) return at;
    if (folder === '') return undefined;
  }
}

function npm(args, cwd) {
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd,
    encoding: 'utf8',
    // what it would fetch is for CUDA
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
