/**
 * Tensors in the text form: `float[2] name = {1, 2}`, external data as `["location": "w.bin"]`, and
 * `...` for data that is not shown or not there (as ONNX's own printer writes what it cannot show).
 * Weights are read only when they are shown. Sparse tensors, for which the standard has no text,
 * are written `sparse_tensor(float[10]) = {float[2] {1, 2}, int64[2] {3, 7}}`: values, indices.
 */
import Long from 'long';
import { textElements } from '../../../errors/index.js';
import { elementCount } from '../../ir/tensor.js';
import {
  EXTERNAL,
  type SparseTensorMessage,
  type StringStringEntry,
  type TensorMessage,
  type TypeMessage,
} from '../messages.js';
import type { RawRange } from '../skeleton.js';
import { toNumber } from '../to-ir.js';
import {
  type ElementKind,
  elementKind,
  literalCount,
  rawLiterals,
  typedLiterals,
} from './elements.js';
import { parseFloat32, parseFloat64 } from './numbers.js';
import type { Scanner } from './scanner.js';
import { bytesToText, textToBytes } from './strings.js';
import { elementTypeName, printName, quote } from './syntax.js';
import { parseType } from './types.js';

const NOT_SHOWN = '...';

export interface TensorStyle {
  /** Tensors of more elements are written `...`. */
  readonly maxElements: number;
  /** What `rawRange` fields refer to. */
  readonly ranges: readonly RawRange[];
}

/** The type, the name if any, and the data. */
export function printTensor(tensor: TensorMessage, style: TensorStyle): string {
  const type = elementTypeName(tensor.dataType ?? 0);
  const dims = tensor.dims?.length ? `[${tensor.dims.join(', ')}]` : '';
  const data = printData(tensor, style);
  if (tensor.name) return `${type}${dims} ${printName(tensor.name)} = ${data}`;
  // without "=" the brackets of external data would be read as dimensions
  return `${type}${dims} ${data.startsWith('[') ? '= ' : ''}${data}`;
}

function printData(tensor: TensorMessage, style: TensorStyle): string {
  if (tensor.dataLocation === EXTERNAL) return printEntries(tensor.externalData ?? []);
  const dims = (tensor.dims ?? []).map(toNumber);
  const kind = elementKind(tensor.dataType ?? 0);
  if (!kind || elementCount(dims) > style.maxElements) return NOT_SHOWN;
  const literals = readLiterals(tensor, kind, dims, style);
  return literals?.length === literalCount(kind, dims) ? `{${literals.join(', ')}}` : NOT_SHOWN;
}

function readLiterals(
  tensor: TensorMessage,
  kind: ElementKind,
  dims: readonly number[],
  style: TensorStyle,
): string[] | undefined {
  if (kind.field === 'stringData')
    return (tensor.stringData ?? []).map((s) => quote(bytesToText(s)));
  const range = tensor.rawRange === undefined ? undefined : style.ranges[tensor.rawRange];
  // a range of the wrong length is not read: it may be anything, and large
  if (range && range.length !== literalCount(kind, dims) * kind.width) return undefined;
  const bytes = range ? range.source.read(range.offset, range.length) : tensor.rawData;
  return bytes ? rawLiterals(kind, dims, bytes) : typedLiterals(kind, tensor);
}

export function printEntries(entries: readonly StringStringEntry[]): string {
  return `[${entries.map((e) => `${quote(e.key ?? '')}: ${quote(e.value ?? '')}`).join(', ')}]`;
}

export function printSparseTensor(sparse: SparseTensorMessage, style: TensorStyle): string {
  const { values = {}, indices = {}, dims = [] } = sparse;
  const type = elementTypeName(values.dataType ?? 0);
  const shape = dims.length ? `[${dims.join(', ')}]` : '';
  const name = values.name ? ` ${printName(values.name)}` : '';
  const parts = [printTensor({ ...values, name: '' }, style), printTensor(indices, style)];
  return `sparse_tensor(${type}${shape})${name} = {${parts.join(', ')}}`;
}

/** Reads a whole tensor, its type first. */
export function parseTensor(scanner: Scanner): TensorMessage {
  const type = parseType(scanner);
  const name = nextIsName(scanner) ? { name: scanner.name('a name') } : {};
  scanner.accept('=');
  return { ...parseTensorData(scanner, type), ...name };
}

export function nextIsName(scanner: Scanner): boolean {
  return /[A-Za-z_"]/.test(scanner.peek());
}

/** Reads the data of a tensor whose type has been read. */
export function parseTensorData(scanner: Scanner, type: TypeMessage): TensorMessage {
  if (!type.tensorType?.shape) throw scanner.unexpected('a tensor type with its dimensions first');
  const { elemType: dataType = 0, shape } = type.tensorType;
  const dims = (shape.dim ?? []).map((dim) => {
    if (dim.dimValue === undefined)
      throw scanner.unexpected('a tensor type with numeric dimensions first');
    return Long.fromValue(dim.dimValue);
  });
  const tensor: TensorMessage = { ...(dims.length ? { dims } : {}), dataType };
  if (scanner.accept(NOT_SHOWN)) return tensor;
  if (scanner.peek() === '[')
    return { ...tensor, dataLocation: EXTERNAL, externalData: parseEntries(scanner) };
  return { ...tensor, ...parseLiterals(scanner, dataType, dims.map(Number)) };
}

/** `{}` may stand for any number of elements, as what ONNX's printer makes of a tensor without data. */
function parseLiterals(scanner: Scanner, dataType: number, dims: readonly number[]): TensorMessage {
  const place = scanner.mark();
  scanner.expect('{');
  const kind = elementKind(dataType);
  if (!kind) {
    scanner.expect('}');
    return {};
  }
  const needs = literalCount(kind, dims);
  const check = (literals: readonly unknown[]) => {
    if (literals.length !== 0 && literals.length !== needs) {
      const type = `${elementTypeName(dataType)}[${dims.join(', ')}]`;
      throw textElements(place(), type, needs, literals.length);
    }
  };
  const read = <T>(item: () => T): T[] => {
    const literals = scanner.list('}', item);
    check(literals);
    return literals;
  };
  switch (kind.field) {
    case 'floatData':
      return { floatData: read(() => parseFloat32(scanner.number('a number').text)) };
    case 'doubleData':
      return { doubleData: read(() => parseFloat64(scanner.number('a number').text)) };
    case 'stringData':
      return { stringData: read(() => textToBytes(scanner.string('a string'))) };
    case 'int32Data':
      return {
        int32Data: read(() =>
          Number(scanner.integer('an integer', 'int32', -(2n ** 31n), 2n ** 31n - 1n)),
        ),
      };
    case 'int64Data':
      return { int64Data: read(() => Long.fromBigInt(scanner.int64('an integer'))) };
    case 'uint64Data':
      return {
        uint64Data: read(() =>
          Long.fromBigInt(scanner.integer('an integer', 'uint64', 0n, 2n ** 64n - 1n), true),
        ),
      };
  }
}

/** `["key": "value", …]`. */
export function parseEntries(scanner: Scanner): StringStringEntry[] {
  scanner.expect('[');
  return scanner.list(']', () => {
    const key = scanner.string('a quoted key');
    scanner.expect(':');
    return { key, value: scanner.string('a quoted value') };
  });
}

/** Reads `{values, indices}` of a sparse tensor whose type has been read. */
export function parseSparseData(scanner: Scanner, type: TypeMessage): SparseTensorMessage {
  scanner.expect('{');
  const values = parseTensor(scanner);
  scanner.expect(',');
  const indices = parseTensor(scanner);
  scanner.expect('}');
  const dims = (type.sparseTensorType?.shape?.dim ?? []).map((dim) =>
    Long.fromValue(dim.dimValue ?? 0),
  );
  return { values, indices, dims };
}
