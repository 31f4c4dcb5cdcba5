// What a page of one's own loads of stepfold/runtime: bundled and minified by vite, and compressed. Needs a build.
//   node bench/web-size.mjs [--modules]
import path from 'node:path';
import zlib from 'node:zlib';
import { build } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const runtime = JSON.stringify(path.join(root, 'dist/src/runtime.js'));
const modules = process.argv.includes('--modules');

/** By what it does, the names that a page imports. */
const PAGES = {
  'opens a bundle': ['bundleFromUrl', 'ScheduledSession'],
  'and runs its loop': [
    ...['bundleFromUrl', 'ScheduledSession', 'createSampler', 'denoise', 'timestepFeed'],
  ],
};

/** @param names what the page uses; none for all that there is */
async function weigh(names) {
  const page = names
    ? `import { ${names.join(', ')} } from ${runtime}; globalThis.used = [${names.join(', ')}];`
    : `export * from ${runtime};`;
  const [{ output }] = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (path.basename(id) === 'page.js' ? 'page.js' : undefined),
        load: (id) => (id === 'page.js' ? page : undefined),
      },
    ],
    build: {
      ...{ write: false, target: 'es2023', minify: modules ? false : undefined },
      lib: { entry: 'page.js', formats: ['es'], fileName: 'page' },
    },
  });
  return output.filter(({ type }) => type === 'chunk');
}

for (const [what, names] of [...Object.entries(PAGES), ['all of it', undefined]]) {
  const chunks = await weigh(names);
  const sum = (of) => chunks.reduce((total, { code }) => total + of(code), 0);
  const bytes = sum((code) => Buffer.byteLength(code));
  const packed = sum((code) => zlib.gzipSync(code, { level: 9 }).length);
  console.log(`${what}: ${Math.round(bytes / 1e3)} kB, ${Math.round(packed / 1e3)} kB compressed`);
  if (!modules) continue;
  const sizes = chunks.flatMap((chunk) => Object.entries(chunk.modules));
  for (const [id, { renderedLength }] of sizes
    .toSorted((a, b) => b[1].renderedLength - a[1].renderedLength)
    .slice(0, 20))
    console.log(`  ${renderedLength}  ${path.relative(root, id)}`);
}
