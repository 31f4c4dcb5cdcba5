/**
 * Writes a schedule as text: checked first, keys in the order of the JSON Schema, so that equal
 * schedules are equal byte for byte and a difference between two is easy to read.
 */

import type { Schedule } from '../generated/schedule.js';
import { scheduleSchema } from '../generated/schemas.js';
import { parseSchedule } from './parse.js';

const WIDTH = 100;

/**
 * The text of schedule.json. Maps by id keep their order of insertion.
 * @throws StepfoldError SCHEDULE_INVALID when a reader would refuse it
 */
export function formatSchedule(schedule: Schedule, file = 'schedule.json'): string {
  parseSchedule(schedule, file);
  return `${print(inSchemaOrder(schedule, scheduleSchema as JsonSchema), '')}\n`;
}

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Record<string, JsonSchema>;
  readonly properties?: Record<string, JsonSchema>;
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
}

/** A copy whose objects list their known properties as the schema does. */
function inSchemaOrder(value: unknown, schema: JsonSchema | false | undefined): unknown {
  if (typeof value !== 'object' || value === null || !schema) return value;
  const { $ref } = schema;
  if ($ref) {
    const target = (scheduleSchema as JsonSchema).$defs?.[$ref.slice('#/$defs/'.length)];
    return inSchemaOrder(value, target);
  }
  if (Array.isArray(value)) return value.map((item) => inSchemaOrder(item, schema.items));
  const known = schema.properties ?? {};
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const order = Object.keys(known);
  const rank = (key: string) => (Object.hasOwn(known, key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([key, entry]) => [
        key,
        inSchemaOrder(entry, Object.hasOwn(known, key) ? known[key] : schema.additionalProperties),
      ]),
  );
}

/** JSON with two spaces a level; what fits on a line stays on one, or shapes and calls would fill pages. */
function print(value: unknown, indent: string): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => print(item, inner));
    if (items.some((item) => item.includes('\n'))) return block('[', items, ']', indent);
    const line = `[${items.join(', ')}]`;
    return indent.length + line.length <= WIDTH || value.length === 0
      ? line
      : block('[', filled(items, WIDTH - inner.length), ']', indent);
  }
  const entries = Object.entries(value).map(
    ([key, entry]) => `${JSON.stringify(key)}: ${print(entry, inner)}`,
  );
  return entries.length === 0 ? '{}' : block('{', entries, '}', indent);
}

function block(open: string, lines: readonly string[], close: string, indent: string): string {
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`;
}

/** Items joined to lines of at most `width` characters. */
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
