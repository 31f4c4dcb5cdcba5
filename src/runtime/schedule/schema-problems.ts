/**
 * Turns what ajv found into sentences: where, what was expected, what was found. ajv reports a
 * misplaced document once per keyword, so problems that say the same are given once.
 */
import type { ErrorObject } from 'ajv';
import type { Problem } from '../../errors/index.js';
import { pointer, valueAt } from './pointer.js';

/** What a pattern of the schemas asks for, by where it stands; a regular expression tells nobody. */
const PATTERNS: Record<string, string> = {
  '#/$defs/sha256/pattern': 'a SHA-256 of 64 lower-case hexadecimal digits',
  '#/$defs/fileName/pattern': "a plain file name inside the bundle's folder",
};

export function schemaProblems(
  document: unknown,
  errors: readonly ErrorObject[] | null | undefined,
): Problem[] {
  const seen = new Set<string>();
  return (errors ?? [])
    .map((error) => toProblem(document, error))
    .filter(({ path, message }) => {
      const key = `${path} ${message}`;
      return !seen.has(key) && seen.add(key);
    });
}

function toProblem(document: unknown, error: ErrorObject): Problem {
  const path = error.instancePath;
  const found = show(valueAt(document, path));
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path, message: `must have "${params.missingProperty}"` };
    case 'additionalProperties':
      return {
        path: path + pointer(String(params.additionalProperty)),
        message: 'is not a property of the format',
      };
    case 'type':
      return { path, message: `must be ${[params.type].flat().join(' or ')}, found ${found}` };
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map((value) => JSON.stringify(value));
      return { path, message: `must be one of ${allowed.join(', ')}; found ${found}` };
    }
    case 'const':
      return { path, message: `must be ${JSON.stringify(params.allowedValue)}, found ${found}` };
    case 'pattern':
      return {
        path,
        message: `must be ${PATTERNS[error.schemaPath] ?? `like ${params.pattern}`}, found ${found}`,
      };
    default:
      return { path, message: `${error.message ?? error.keyword}, found ${found}` };
  }
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
