/** Types in the text form: `float[N, 3]`, `float` (a scalar), `float[]` (rank unknown), `seq(…)` and so on. */
import Long from 'long';
import type { DimensionMessage, TensorShapeMessage, TypeMessage } from '../messages.js';
import type { Scanner } from './scanner.js';
import { elementTypeCode, elementTypeName, isTypeWord, printDomain, printWord } from './syntax.js';

/** The type's text; `""` for a type that says nothing. */
export function printType(type: TypeMessage): string {
  if (type.tensorType) return printTensorType(type.tensorType);
  if (type.sequenceType) return `seq(${printType(type.sequenceType.elemType ?? {})})`;
  if (type.mapType) {
    const key = elementTypeName(type.mapType.keyType ?? 0);
    return `map(${key}, ${printType(type.mapType.valueType ?? {})})`;
  }
  if (type.optionalType) return `optional(${printType(type.optionalType.elemType ?? {})})`;
  if (type.sparseTensorType) return `sparse_tensor(${printTensorType(type.sparseTensorType)})`;
  if (type.opaqueType) {
    const { domain, name } = type.opaqueType;
    if (domain) return `opaque(${printDomain(domain)}, ${printWord(name ?? '')})`;
    return `opaque(${name ? printDomain(name) : ''})`;
  }
  return '';
}

function printTensorType(type: { elemType?: number; shape?: TensorShapeMessage }): string {
  const name = elementTypeName(type.elemType ?? 0);
  if (!type.shape) return `${name}[]`;
  const dims = type.shape.dim ?? [];
  return dims.length === 0 ? name : `${name}[${dims.map(printDim).join(', ')}]`;
}

function printDim(dim: DimensionMessage): string {
  if (dim.dimValue !== undefined && dim.dimValue !== null) return String(dim.dimValue);
  if (dim.dimParam === undefined) return '?';
  return printWord(dim.dimParam);
}

export function nextIsType(scanner: Scanner): boolean {
  return isTypeWord(scanner.peekWord());
}

export function parseType(scanner: Scanner): TypeMessage {
  return scanner.nested(() => parseTypeHere(scanner));
}

function parseTypeHere(scanner: Scanner): TypeMessage {
  if (!nextIsType(scanner)) throw scanner.unexpected('a type');
  const word = scanner.word('a type');
  const elemType = elementTypeCode(word);
  if (elemType !== undefined) return { tensorType: { elemType, ...parseShape(scanner) } };
  scanner.expect('(');
  const type = parseConstructed(scanner, word);
  scanner.expect(')');
  return type;
}

function parseConstructed(scanner: Scanner, word: string): TypeMessage {
  switch (word) {
    case 'seq':
      return { sequenceType: parseInner(scanner, 'elemType') };
    case 'optional':
      return { optionalType: parseInner(scanner, 'elemType') };
    case 'map': {
      const keyType = parseElementType(scanner);
      scanner.expect(',');
      return { mapType: { keyType, ...parseInner(scanner, 'valueType') } };
    }
    case 'sparse_tensor':
      return { sparseTensorType: { elemType: parseElementType(scanner), ...parseShape(scanner) } };
    default:
      return { opaqueType: parseOpaque(scanner) };
  }
}

function parseInner<K extends string>(scanner: Scanner, field: K): { [P in K]?: TypeMessage } {
  if (scanner.peek() === ')') return {};
  return { [field]: parseType(scanner) } as { [P in K]?: TypeMessage };
}

function parseElementType(scanner: Scanner): number {
  const code = elementTypeCode(scanner.peekWord());
  if (code === undefined) throw scanner.unexpected('an element type');
  scanner.word('an element type');
  return code;
}

/** No brackets: a scalar. Empty brackets: rank unknown. */
function parseShape(scanner: Scanner): { shape?: TensorShapeMessage } {
  if (!scanner.accept('[')) return { shape: { dim: [] } };
  if (scanner.accept(']')) return {};
  return { shape: { dim: scanner.list(']', () => parseDim(scanner)) } };
}

function parseDim(scanner: Scanner): DimensionMessage {
  if (scanner.accept('?')) return {};
  if (/[A-Za-z_"]/.test(scanner.peek())) return { dimParam: scanner.name('a dimension') };
  return { dimValue: Long.fromBigInt(scanner.int64('a dimension')) };
}

/** `opaque(name)` or `opaque(domain, name)`; with one part, dots belong to the name. */
function parseOpaque(scanner: Scanner): { domain?: string; name?: string } {
  if (scanner.peek() === ')') return {};
  let first = scanner.name('a name');
  while (scanner.accept('.')) first += `.${scanner.name('a name')}`;
  return scanner.accept(',') ? { domain: first, name: scanner.name('a name') } : { name: first };
}
