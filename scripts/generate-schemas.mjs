/**
 * Turns schemas/*.schema.json into src/generated/: TypeScript types, and the schemas themselves as
 * constants without their prose, which documents are checked and printed by. Assumes draft 2020-12, of
 * which src/runtime/schedule/schema-errors.ts knows the keywords below. The tables in engines/ are held to
 * their schema and become constants too.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compile } from 'json-schema-to-typescript';

const root = new URL('..', import.meta.url);
const schemaFolder = new URL('schemas/', root);
const outFolder = new URL('src/generated/', root);
const banner = '/* Written by scripts/generate-schemas.mjs from schemas/; edit those instead. */';

const enginesBanner =
  '/* Written by scripts/generate-schemas.mjs from engines/; edit those instead. */';

const ENGINES = ['webnn', 'qnn', 'directml', 'cuda-graph'];

const KEYWORDS = new Set([
  ...['$schema', '$id', '$ref', '$defs', 'title', 'description', 'type', 'const', 'enum', 'anyOf'],
  ...['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum', 'multipleOf'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'items'],
  ...['maxProperties', 'minProperties', 'required', 'dependentRequired'],
  ...['additionalProperties', 'properties'],
]);

/** What a schema is, for who checks and prints by one. */
const SCHEMA_TYPES = `export type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object';

export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly default?: unknown;
  readonly type?: TypeName | readonly TypeName[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly maximum?: number;
  readonly minimum?: number;
  readonly exclusiveMaximum?: number;
  readonly exclusiveMinimum?: number;
  readonly multipleOf?: number;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly additionalProperties?: false | JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** A schema of documents of some type, which its file's types are generated from. */
export interface SchemaOf<T> extends JsonSchema {
  /** @internal never there */
  readonly documents?: T;
}`;

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
for (const { name, schema } of schemas) checkSchema(name, schema);
await write('schemas.ts', schemaConstants());
await write('engine.ts', await engineTypes());
await write('engines.ts', await engineConstants());

/** A schema that a reader would not understand is refused here. */
function checkSchema(name, schema) {
  // throws what is no schema, and types that no keyword goes with
  new Ajv2020({ strict: true, allowUnionTypes: true }).compile(structuredClone(schema));
  visit(schema);

  function visit(part) {
    for (const [keyword, value] of Object.entries(part)) {
      if (!KEYWORDS.has(keyword))
        throw new Error(
          `${name}: "${keyword}" is not known to src/runtime/schedule/schema-errors.ts`,
        );
      if (['properties', '$defs'].includes(keyword)) Object.values(value).forEach(visit);
      else if (keyword === 'anyOf') value.forEach(visit);
      else if (['items', 'additionalProperties'].includes(keyword) && value) visit(value);
    }
    const scalars = [part.enum ?? [], 'const' in part ? part.const : []].flat();
    if (scalars.some((value) => typeof value === 'object' && value !== null))
      throw new Error(`${name}: constants are compared as they are, and so must be no objects`);
  }
}

/** Prose would be half of what a page loads to run a bundle. */
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
    ({ name, schema }) =>
      `export const ${name}Schema: SchemaOf<import('./${name}.js').${schema.title}> = ${JSON.stringify(withoutAnnotations(schema))};`,
  );
  return [banner, SCHEMA_TYPES, ...constants, ''].join('\n');
}

async function engineTypes() {
  return compile(await engineFile('engine.schema'), 'EngineTable', {
    bannerComment: enginesBanner,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 100 },
  });
}

/** Tables by name, and since which operator sets there are versions of the standard operators. */
async function engineConstants() {
  const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    await engineFile('engine.schema'),
  );
  const tables = {};
  for (const name of ENGINES) {
    const { $schema, ...table } = await engineFile(name);
    if (!fits(table)) throw new Error(`engines/${name}.json: ${JSON.stringify(fits.errors)}`);
    tables[name] = table;
  }
  const { versions } = await engineFile('versions');
  return [
    enginesBanner,
    "import type { EngineTable } from './engine.js';",
    `export type EngineName = ${ENGINES.map((name) => `'${name}'`).join(' | ')};`,
    `export const ENGINE_TABLES: Readonly<Record<EngineName, EngineTable>> = ${JSON.stringify(tables)};`,
    `export const OPERATOR_VERSIONS: Readonly<Record<string, readonly number[]>> = ${JSON.stringify(versions)};`,
    '',
  ].join('\n');
}

async function engineFile(name) {
  return JSON.parse(await readFile(new URL(`engines/${name}.json`, root), 'utf8'));
}

async function write(file, text) {
  await writeFile(new URL(file, outFolder), text);
}
