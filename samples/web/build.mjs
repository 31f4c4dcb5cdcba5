// Puts what the page shows into public/, which is not kept: the models, a bundle for each schedule, and the
// engine's wasm. Then builds the page. With `serve` it is served, with `dev` served as it is edited.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build, createServer, preview } from 'vite';

const here = import.meta.dirname;
const root = path.resolve(here, '../..');
const publicFolder = path.join(here, 'public');
const catalogue = JSON.parse(fs.readFileSync(path.join(here, 'catalogue.json'), 'utf8'));

fs.rmSync(publicFolder, { recursive: true, force: true });
for (const model of catalogue) {
  const folder = path.join(publicFolder, 'models', model.id);
  fs.mkdirSync(folder, { recursive: true });
  const source = path.join(root, model.file);
  fs.copyFileSync(source, path.join(folder, 'source.onnx'));
  for (const { id, transform } of model.variants) {
    const bundle = path.join(folder, id);
    const args = ['transform', source, ...transform, ...model.loop, '-o', bundle];
    const { status } = spawnSync(
      process.execPath,
      [path.join(root, 'dist/src/cli/main.js'), ...args],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    if (status !== 0) process.exit(status ?? 1);
    // the weights are the source's own file, which the page has anyway
    fs.rmSync(path.join(bundle, 'weights.bin'));
  }
}

const engine = path.join(root, 'node_modules/onnxruntime-web/dist');
fs.mkdirSync(path.join(publicFolder, 'ort'));
for (const build of ['', '.asyncify'])
  for (const kind of ['mjs', 'wasm']) {
    const name = `ort-wasm-simd-threaded${build}.${kind}`;
    fs.copyFileSync(path.join(engine, name), path.join(publicFolder, 'ort', name));
  }

// The pages that the page links: as the site has them where it is built, and else as they are written.
const site = path.join(root, 'site/dist');
if (fs.existsSync(path.join(site, 'docs')))
  fs.cpSync(site, path.join(publicFolder, 'site'), { recursive: true });
else {
  const text = (markdown) => markdown.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  fs.mkdirSync(path.join(publicFolder, 'site/docs'), { recursive: true });
  for (const name of ['guide', 'recipes', 'web', 'errors'])
    fs.writeFileSync(
      path.join(publicFolder, `site/docs/${name}.html`),
      `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>docs/${name}.md</title>
<style>pre{white-space:pre-wrap;max-width:60rem;margin:1.5rem auto;padding:0 1rem;overflow-wrap:anywhere}</style></head>
<body><pre>${text(fs.readFileSync(path.join(root, `docs/${name}.md`), 'utf8'))}</pre></body></html>
`,
    );
}

const [mode = 'build'] = process.argv.slice(2);
const port = Number(process.env.PORT ?? 8088);
const configFile = path.join(here, 'vite.config.ts');
if (mode === 'dev') {
  const server = await createServer({ configFile, server: { port } });
  await server.listen();
  server.printUrls();
} else {
  await build({ configFile, logLevel: 'warn' });
  if (mode === 'serve') (await preview({ configFile, preview: { port } })).printUrls();
}
