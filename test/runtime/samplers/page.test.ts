/** The tables of docs/samplers.md, from what samplers say of themselves; UPDATE_SAMPLERS=1 writes them. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import {
  type OptionSchema,
  type OptionSchemas,
  PATHS,
  SOLVERS,
} from '../../../src/runtime/samplers/index.js';
import { LOOP_OPTIONS } from '../../../src/runtime/samplers/solver.js';

const PAGE = new URL('../../../docs/samplers.md', import.meta.url);

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const flagOf = (name: string, { flag }: OptionSchema) =>
  flag ? `\`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}\`` : '';

function valuesOf(schema: OptionSchema): string {
  if ('enum' in schema) return schema.enum.join(', ');
  return schema.type === 'array' ? 'list' : schema.type;
}

const defaultOf = (schema: OptionSchema | undefined) =>
  schema && 'default' in schema ? String(schema.default) : '';

const rowOf = (name: string, schema: OptionSchema, whose: string, usual: string) => [
  `\`${name}\``,
  flagOf(name, schema),
  whose,
  valuesOf(schema),
  usual,
  schema.description,
];

function optionRows() {
  const own: OptionSchemas = Object.assign({}, ...SOLVERS.map(({ options }) => options));
  return Object.entries({ ...own, ...LOOP_OPTIONS }).map(([name, schema]) => {
    const having = SOLVERS.filter(({ options }) => Object.hasOwn(options, name));
    const usual = (options: OptionSchemas) => defaultOf(options[name]);
    const [first] = having.map(({ options }) => usual(options));
    const others = [...new Set(having.map(({ options }) => usual(options)))].slice(1).map(
      (value) =>
        `${value} with ${having
          .filter(({ options }) => usual(options) === value)
          .map((one) => one.name)
          .join(', ')}`,
    );
    const whose = having.map((one) => one.name).join(', ');
    const all = having.length === SOLVERS.length;
    const defaults = [first!, ...others].filter((text) => text !== '').join('; ');
    return rowOf(name, schema, all ? 'all' : whose, defaults);
  });
}

const pathRows = () =>
  Object.entries<OptionSchemas>(PATHS).flatMap(([path, schemas]) =>
    Object.entries(schemas).map(([name, schema]) => rowOf(name, schema, path, defaultOf(schema))),
  );

const parts: Record<string, string> = {
  samplers: table(
    ['`--sampler`', 'is', '', 'path'],
    SOLVERS.map(({ name, title, description, path }) => [`\`${name}\``, title, description, path]),
  ),
  options: table(['option', 'command line', 'of', 'values', 'default', 'meaning'], optionRows()),
  paths: table(['option', 'command line', 'path', 'values', 'default', 'meaning'], pathRows()),
};

const page = (text: string) =>
  text.replaceAll(
    /<!-- (\w+) -->\n.*?<!-- end -->/gs,
    (_, part: string) => `<!-- ${part} -->\n${parts[part]}\n<!-- end -->`,
  );

test('the page says what the sources do', () => {
  const text = fs.readFileSync(PAGE, 'utf8');
  if (process.env.UPDATE_SAMPLERS) fs.writeFileSync(PAGE, page(text));
  else expect(text).toBe(page(text));
  for (const name of Object.keys(parts)) expect(text).toContain(`<!-- ${name} -->`);
});
