/**
 * Turns what is against a schema into sentences: where, what was expected, what was found. A misplaced document
 * is reported once per keyword, so problems that say the same are given once.
 */
import { nearest, type Problem } from '../../errors/index.js';
import { pointer, valueAt } from './pointer.js';
import type { SchemaError } from './schema-errors.js';

/** What a pattern of the schemas asks for, by where it stands; a regular expression tells nobody. */
const PATTERNS: Record<string, string> = {
  '#/$defs/sha256/pattern': 'a SHA-256 of 64 lower-case hexadecimal digits',
  '#/$defs/fileName/pattern': "a plain file name inside the bundle's folder",
};

export function schemaProblems(document: unknown, errors: readonly SchemaError[]): Problem[] {
  const seen = new Set<string>();
  return errors
    .map((error) => toProblem(document, error))
    .filter(({ path, message }) => {
      const key = `${path} ${message}`;
      return !seen.has(key) && seen.add(key);
    });
}

function toProblem(document: unknown, error: SchemaError): Problem {
  const path = error.instancePath;
  const found = show(valueAt(document, path));
  switch (error.keyword) {
    case 'required':
      return { path, message: `must have "${error.params.missingProperty}"` };
    case 'additionalProperties':
      return {
        path: path + pointer(String(error.params.additionalProperty)),
        message: 'is not a property of the format',
      };
    case 'type':
      return {
        path,
        message: `must be ${[error.params.type].flat().join(' or ')}, found ${found}`,
      };
    case 'enum': {
      const allowed = error.params.allowedValues.map((value) => JSON.stringify(value));
      const near = nearest(found, allowed);
      const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
      return { path, message: `must be one of ${allowed.join(', ')}; found ${found}${meant}` };
    }
    case 'const':
      return {
        path,
        message: `must be ${JSON.stringify(error.params.allowedValue)}, found ${found}`,
      };
    case 'pattern':
      return {
        path,
        message: `must be ${PATTERNS[error.schemaPath] ?? `like ${error.params.pattern}`}, found ${found}`,
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
