/** The JSON Schemas themselves: readers in other languages have nothing else to go by. */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { split } from '../session/tiny-bundles.js';

interface SchemaNode {
  readonly $ref?: string;
  readonly $defs?: Record<string, SchemaNode>;
  readonly description?: string;
  readonly properties?: Record<string, SchemaNode>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
}

describe('schemas', () => {
  const names = ['schedule', 'plan', 'pipeline', 'timesteps', 'defaults', 'costs'];
  const load = (name: string): SchemaNode =>
    JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8'));

  it.each(names)('%s: is a valid schema, every property described', (name) => {
    const schema = load(name);
    expect(new Ajv.Ajv2020({ strict: true, allowUnionTypes: true }).validateSchema(schema)).toBe(
      true,
    );
    const undescribed: string[] = [];
    const visit = (node: SchemaNode | undefined, path: string) => {
      if (!node) return;
      for (const [key, property] of Object.entries(node.properties ?? {})) {
        const target = property.$ref ? schema.$defs?.[property.$ref.split('/').at(-1)!] : property;
        if (!property.description && !target?.description) undescribed.push(`${path}/${key}`);
        visit(property, `${path}/${key}`);
      }
      for (const [key, definition] of Object.entries(node.$defs ?? {})) {
        if (!definition.description) undescribed.push(key);
        visit(definition, key);
      }
      visit(node.additionalProperties || undefined, `${path}/*`);
      visit(node.items, `${path}/[]`);
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });

  it('judge as the validators compiled from them do', () => {
    const judge = new Ajv.Ajv2020({ allowUnionTypes: true }).compile(load('schedule'));
    expect(judge(split().schedule)).toBe(true);
    expect(judge({ ...split().schedule, emit: 'folded' })).toBe(false);
  });
});
