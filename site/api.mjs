// The reference of the library, from the docstrings of the built declarations: one page of Markdown for each entry point of
// package.json, and one for each name space in it.
import fs from 'node:fs';
import path from 'node:path';
import { Application, ReflectionKind } from 'typedoc';
import { REFERENCE, root } from './pages.mjs';

const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

const entryPoints = Object.entries(manifest.exports)
  .filter(([, target]) => target.types)
  .map(([name, { types }]) => ({
    specifier: path.posix.join(manifest.name, name),
    types: path.join(root, types),
  }));

/** As the page is called, by what its entry point is called. */
const fileOf = (specifier) => specifier.replace('/', '-');

/** A module is shown as it is imported, in headings and in the texts of links. */
const named = (text) =>
  entryPoints.reduce(
    (all, { specifier }) =>
      all
        .replace(`# ${fileOf(specifier)}\n`, `# ${specifier}\n`)
        .replaceAll(`[${fileOf(specifier)}]`, `[${specifier}]`),
    text,
  );

const table = Object.fromEntries(
  [
    'parameters',
    'interfaceProperties',
    'classProperties',
    'typeDeclaration',
    'propertyMembers',
  ].map((what) => [`${what}Format`, 'table']),
);

/** @returns the pages by their path in the site, as Markdown, in the order of package.json */
export async function referencePages() {
  for (const { types } of entryPoints)
    if (!fs.existsSync(types)) throw new Error(`${types} is missing: npm run build`);
  const scratch = fs.mkdtempSync(path.join(import.meta.dirname, '.reference-'));
  try {
    const app = await Application.bootstrapWithPlugins({
      entryPoints: entryPoints.map(({ types }) => types),
      tsconfig: path.join(import.meta.dirname, 'tsconfig.json'),
      plugin: ['typedoc-plugin-markdown'],
      outputs: [{ name: 'markdown', path: scratch }],
      router: 'module',
      flattenOutputFiles: true,
      readme: 'none',
      disableSources: true,
      excludeInternal: true,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
      useHTMLAnchors: true,
      expandObjects: true,
      logLevel: 'Error',
      ...table,
    });
    const project = await app.convert();
    if (!project || app.logger.hasErrors())
      throw new Error('TypeDoc could not read the declarations');
    for (const module of project.children) {
      // TypeDoc calls a module by its file, below the folder that all have in common
      const ends = [`/${module.name}.d.ts`, `/${module.name}/index.d.ts`];
      const entry = entryPoints.find(({ types }) => ends.some((end) => types.endsWith(end)));
      if (!entry) throw new Error(`site/api.mjs: ${module.name} is no entry point of package.json`);
      module.name = fileOf(entry.specifier);
    }
    // a parameter that is taken apart where it is declared has no name of its own
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name === '__namedParameters') parameter.name = 'options';
    await app.generateOutputs(project);
    const order = entryPoints.map(({ specifier }) => fileOf(specifier));
    const rank = (name) => order.indexOf(name.replace(/\.md$/, '')) + 1 || order.length + 1;
    return fs
      .readdirSync(scratch)
      .sort((a, b) => rank(a) - rank(b))
      .map((name) => ({
        file: `${REFERENCE}/${name}`,
        text: named(fs.readFileSync(path.join(scratch, name), 'utf8')),
      }));
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}
