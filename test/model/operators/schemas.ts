/**
 * What ONNX and onnxruntime say of their operators, as `scripts/operator-schemas.py` recorded it from the
 * packages themselves.
 */
import fs from 'node:fs';

export interface Version {
  readonly since: number;
  /** `name`, `name?` where it may be left out, `name*n` for n or more. */
  readonly inputs: readonly string[];
  readonly attributes: readonly string[];
  /** Not told by onnxruntime. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

export interface Schema {
  readonly by: 'onnx' | 'onnxruntime';
  readonly versions: readonly Version[];
  /** Of the last version: an element type, or a name that inputs and outputs of one type share. */
  readonly types: {
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  };
  /** Not told by onnxruntime; of operators that run graphs, ONNX does not know. */
  readonly random?: boolean;
}

const { operators } = JSON.parse(
  fs.readFileSync('test/fixtures/operators/schemas.json', 'utf8'),
) as { operators: Readonly<Record<string, Readonly<Record<string, Schema>>>> };

export const SCHEMAS = operators;

export const schemaOf = (domain: string, name: string): Schema => {
  const schema = operators[domain]?.[name];
  if (!schema) throw new Error(`neither ONNX nor onnxruntime knows "${domain}.${name}"`);
  return schema;
};

/** Inputs that come first and cannot be left out. */
export function required({ inputs }: Version): number {
  const optional = inputs.findIndex((input) => input.endsWith('?'));
  const needed = optional < 0 ? inputs : inputs.slice(0, optional);
  return needed.reduce((sum, input) => sum + Number(input.split('*')[1] ?? 1), 0);
}
