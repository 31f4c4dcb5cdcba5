/**
 * Turns schemas/*.schema.json into src/generated/: TypeScript types, validators compiled by ajv
 * ahead of time (no eval, no imports, so they run in a browser under a strict content security
 * policy), and the schemas themselves as constants. Assumes draft 2020-12.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const root = new URL('..', import.meta.url);
const schemaFolder = new URL('schemas/', root);
const outFolder = new URL('src/generated/', root);
const banner = '/* Written by scripts/generate-schemas.mjs from schemas/; edit those instead. */';

const names = (await readdir(schemaFolder))
  .filter((file) => file.endsWith('.schema.json'))
  .map((file) => file.slice(0, -'.schema.json'.length))
  .sort();
const schemas = await Promise.all(
  names.map(async (name) => {
    const file = new URL(`${name}.schema.json`, schemaFolder);
    return { name, file: fileURLToPath(file), schema: JSON.parse(await readFile(file, 'utf8')) };
  }),
);

await mkdir(outFolder, { recursive: true });
for (const { name, schema } of schemas) {
  const types = await compile(structuredClone(schema), schema.title, {
    bannerComment: banner,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 100 },
  });
  await write(`${name}.ts`, types);
}
await write('validators.ts', validators());
await write('schemas.ts', schemaConstants());

/** One module of validators; each is a function with the `errors` of its last call. */
function validators() {
  const ajv = new Ajv2020({
    allErrors: true,
    code: { source: true, esm: true },
    strict: true,
    allowUnionTypes: true,
  });
  for (const { schema } of schemas) ajv.addSchema(withoutAnnotations(schema));
  const internal = Object.fromEntries(
    schemas.map(({ name, schema }) => [`${name}Check`, schema.$id]),
  );
  const code = standalone.default(ajv, internal).replace(/^"use strict";/, '');
  const reference = /\brequire\(|^\s*import\b/m.exec(code);
  if (reference)
    throw new Error(
      'A schema uses a keyword whose validator imports ajv at run time (minLength, maxLength, ' +
        'uniqueItems, format); say it with a pattern instead.',
    );
  const exports = schemas.map(({ name, schema }) => {
    const type = schema.title;
    return (
      `/** Whether the value is a ${type} by schemas/${name}.schema.json; what is wrong is left in \`errors\`. */\n` +
      `export const is${type}: Validator<import('./${name}.js').${type}> = ${name}Check;`
    );
  });
  return [
    banner,
    '// @ts-nocheck: compiled by ajv',
    "import type { ErrorObject } from 'ajv';",
    'export interface Validator<T> {\n  (value: unknown): value is T;\n  errors?: ErrorObject[] | null;\n}',
    code.replace(/\bexport const /g, 'const '),
    ...exports,
    '',
  ].join('\n');
}

/** The validators embed the schema; its prose would be half of their size. */
function withoutAnnotations(schema) {
  if (Array.isArray(schema)) return schema.map(withoutAnnotations);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(['description', 'title'].includes(key) && typeof value === 'string'),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutAnnotations(value)]));
}

function schemaConstants() {
  const constants = schemas.map(
    ({ name, schema }) => `export const ${name}Schema: object = ${JSON.stringify(schema)};`,
  );
  return [banner, ...constants, ''].join('\n');
}

async function write(file, text) {
  await writeFile(new URL(file, outFolder), text);
}
