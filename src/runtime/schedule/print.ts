/**
 * JSON for files that people read: keys in the order of the JSON Schema, lists filled to lines of
 * 100 characters. Equal documents are equal byte for byte, and a difference between two is easy to
 * read.
 */

import type { JsonSchema } from '../../generated/schemas.js';

const WIDTH = 100;

/** The text of a document that fits its schema. Maps by id keep their order of insertion. */
export function printDocument(document: unknown, schema: JsonSchema): string {
  return `${print(inSchemaOrder(document, schema, schema), '', 0)}\n`;
}

/** A copy whose objects list their known properties as the schema does. */
function inSchemaOrder(
  value: unknown,
  schema: JsonSchema | false | undefined,
  root: JsonSchema,
): unknown {
  if (typeof value !== 'object' || value === null || !schema) return value;
  const { $ref } = schema;
  if ($ref) return inSchemaOrder(value, root.$defs?.[$ref.slice('#/$defs/'.length)], root);
  if (Array.isArray(value)) return value.map((item) => inSchemaOrder(item, schema.items, root));
  const known = schema.properties ?? {};
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const order = Object.keys(known);
  const rank = (key: string) => (Object.hasOwn(known, key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([key, entry]) => [
        key,
        inSchemaOrder(
          entry,
          Object.hasOwn(known, key) ? known[key] : schema.additionalProperties,
          root,
        ),
      ]),
  );
}

/**
 * JSON with two spaces a level; what fits on a line stays on one, or shapes and calls would fill
 * pages.
 * @param before characters of the line that stand in front of the value
 */
function print(value: unknown, indent: string, before: number): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => print(item, inner, inner.length));
    if (items.some((item) => item.includes('\n'))) return block('[', items, ']', indent);
    const line = `[${items.join(', ')}]`;
    // a comma may follow
    return before + line.length + 1 <= WIDTH || value.length === 0
      ? line
      : block('[', filled(items, WIDTH - inner.length), ']', indent);
  }
  const entries = Object.entries(value).map(([key, entry]) => {
    const start = `${JSON.stringify(key)}: `;
    return `${start}${print(entry, inner, inner.length + start.length)}`;
  });
  return entries.length === 0 ? '{}' : block('{', entries, '}', indent);
}

function block(open: string, lines: readonly string[], close: string, indent: string): string {
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`;
}

/** Items joined to lines of at most `width` characters, the comma after them included. */
function filled(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length + 3 <= width)
      lines[lines.length - 1] = `${last}, ${item}`;
    else lines.push(item);
  }
  return lines;
}
