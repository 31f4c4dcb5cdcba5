/** Reads graphs, nodes and attributes. */
import Long from 'long';
import { textAttributeType, textListType } from '../../../errors/index.js';
import {
  type AttributeMessage,
  AttributeType,
  type GraphMessage,
  type NodeMessage,
  type SparseTensorMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from '../messages.js';
import { parseFloat32 } from './numbers.js';
import type { Scanner } from './scanner.js';
import { textToBytes } from './strings.js';
import { attributeTypeCode, attributeTypeName, isFloatWord } from './syntax.js';
import { nextIsName, parseSparseData, parseTensorData } from './tensors.js';
import { nextIsType, parseType } from './types.js';

export function parseGraph(scanner: Scanner): GraphMessage {
  return parseGraphNamed(scanner, scanner.name("a graph's name"));
}

function parseGraphNamed(scanner: Scanner, name: string): GraphMessage {
  return scanner.nested(() => {
    const graph = {
      name,
      input: [] as ValueInfoMessage[],
      output: [] as ValueInfoMessage[],
      valueInfo: [] as ValueInfoMessage[],
      initializer: [] as TensorMessage[],
      sparseInitializer: [] as SparseTensorMessage[],
    };
    if (scanner.accept('('))
      scanner.list(')', () => {
        const info = parseInfo(scanner);
        graph.input.push(info);
        parseInitializer(scanner, info, graph);
      });
    scanner.expect('=>');
    scanner.expect('(');
    graph.output = scanner.list(')', () => parseInfo(scanner));
    if (scanner.accept('<'))
      scanner.list('>', () => {
        const info = parseInfo(scanner);
        if (!parseInitializer(scanner, info, graph)) graph.valueInfo.push(info);
      });
    return { ...graph, node: parseNodes(scanner) };
  });
}

type NamedInfo = ValueInfoMessage & { readonly name: string };

/** A name with the type before it, if there is one. */
export function parseInfo(scanner: Scanner): NamedInfo {
  const type = nextIsType(scanner) ? { type: parseType(scanner) } : {};
  return { ...type, name: scanner.name(type.type ? "a value's name" : "a value's type and name") };
}

/** The data of an initializer, if "=" comes next. */
function parseInitializer(
  scanner: Scanner,
  { name, type = {} }: NamedInfo,
  graph: { initializer: TensorMessage[]; sparseInitializer: SparseTensorMessage[] },
): boolean {
  if (!scanner.accept('=')) return false;
  if (type.sparseTensorType) {
    const sparse = parseSparseData(scanner, type);
    graph.sparseInitializer.push({ ...sparse, values: { ...sparse.values, name } });
  } else graph.initializer.push({ ...parseTensorData(scanner, type), name });
  return true;
}

export function parseNodes(scanner: Scanner): NodeMessage[] {
  scanner.expect('{');
  const nodes: NodeMessage[] = [];
  while (!scanner.accept('}')) nodes.push(parseNode(scanner));
  return nodes;
}

function parseNode(scanner: Scanner): NodeMessage {
  const node: NodeMessage = {};
  if (scanner.accept('[')) {
    node.name = scanner.name("a node's name");
    scanner.expect(']');
  }
  node.output = parseNames(scanner);
  if (!scanner.accept('='))
    throw scanner.unexpected(node.output.length ? '"=" or ","' : 'a node or "}"');
  const qualified = [scanner.name('an operator')];
  while (scanner.accept('.')) qualified.push(scanner.name('an operator'));
  node.opType = qualified.pop() as string;
  if (qualified.length > 0) node.domain = qualified.join('.');
  if (scanner.accept(':')) node.overload = scanner.name('an overload');
  node.attribute = parseAttributes(scanner);
  scanner.expect('(');
  node.input = parseNames(scanner);
  if (!scanner.accept(')')) throw scanner.unexpected('"," or ")"');
  if (node.attribute.length === 0) node.attribute = parseAttributes(scanner);
  return node;
}

/**
 * Names with commas between. One left out is `""`, or nothing before a comma; a comma after the
 * last name changes nothing.
 */
function parseNames(scanner: Scanner): string[] {
  const names: string[] = [];
  do {
    if (nextIsName(scanner)) names.push(scanner.name("a value's name"));
    else if (scanner.peek() === ',') names.push('');
    else break;
  } while (scanner.accept(','));
  return names;
}

function parseAttributes(scanner: Scanner): AttributeMessage[] {
  if (!scanner.accept('<')) return [];
  return scanner.oneOrMore('>', () => parseAttribute(scanner, scanner.name("an attribute's name")));
}

/** The rest of an attribute after its name. */
export function parseAttribute(scanner: Scanner, name: string): AttributeMessage {
  const place = scanner.mark();
  const declared = parseDeclaredType(scanner);
  if (!scanner.accept('=')) {
    if (declared === AttributeType.UNDEFINED) return { name };
    if (declared === AttributeType.TYPE_PROTO) return { name, type: declared, tp: {} };
    throw scanner.unexpected('"="');
  }
  if (scanner.accept('@')) {
    const type = declared === undefined ? {} : { type: declared };
    return { name, ...type, refAttrName: scanner.name("an attribute's name") };
  }
  const isList = scanner.accept('[');
  const value = isList ? parseList(scanner, declared) : parseValue(scanner, declared);
  // as in ONNX's own parser, a list may be declared by the type of its elements
  const found = isList && isElementType(declared) ? elementType(value.type) : value.type;
  if (declared !== undefined && found !== declared)
    throw textAttributeType(
      place(),
      name,
      attributeTypeName(declared),
      attributeTypeName(found ?? 0),
    );
  return { name, ...value };
}

function parseDeclaredType(scanner: Scanner): number | undefined {
  if (!scanner.accept(':')) return undefined;
  const type = attributeTypeCode(scanner.peekWord());
  if (type === undefined) throw scanner.unexpected("an attribute's type");
  scanner.word("an attribute's type");
  return type;
}

/** For each type of list: the type of its elements, and how the list is made of them. */
const LISTS: readonly {
  readonly type: number;
  readonly element: number;
  readonly gather: (values: AttributeMessage[]) => AttributeMessage;
}[] = [
  {
    type: AttributeType.FLOATS,
    element: AttributeType.FLOAT,
    gather: (values) => ({ floats: values.map((v) => v.f as number) }),
  },
  {
    type: AttributeType.INTS,
    element: AttributeType.INT,
    gather: (values) => ({ ints: values.map((v) => v.i as Long) }),
  },
  {
    type: AttributeType.STRINGS,
    element: AttributeType.STRING,
    gather: (values) => ({ strings: values.map((v) => v.s as Uint8Array) }),
  },
  {
    type: AttributeType.TENSORS,
    element: AttributeType.TENSOR,
    gather: (values) => ({ tensors: values.map((v) => v.t as TensorMessage) }),
  },
  {
    type: AttributeType.GRAPHS,
    element: AttributeType.GRAPH,
    gather: (values) => ({ graphs: values.map((v) => v.g as GraphMessage) }),
  },
  {
    type: AttributeType.SPARSE_TENSORS,
    element: AttributeType.SPARSE_TENSOR,
    gather: (values) => ({
      sparseTensors: values.map((v) => v.sparseTensor as SparseTensorMessage),
    }),
  },
  {
    type: AttributeType.TYPE_PROTOS,
    element: AttributeType.TYPE_PROTO,
    gather: (values) => ({ typeProtos: values.map((v) => v.tp ?? {}) }),
  },
];

const elementType = (list: number | undefined) => LISTS.find((l) => l.type === list)?.element;
const isElementType = (type: number | undefined) => LISTS.some((l) => l.element === type);

/** The elements up to "]"; all are of the declared type, or else of the type of the first. */
function parseList(scanner: Scanner, declared: number | undefined): AttributeMessage {
  let element = elementType(declared);
  const values = scanner.list(']', () => {
    const place = scanner.mark();
    const value = parseValue(scanner, element);
    element ??= value.type;
    if (value.type !== element)
      throw textListType(
        place(),
        attributeTypeName(element ?? 0),
        attributeTypeName(value.type ?? 0),
      );
    return value;
  });
  const found = LISTS.find((l) => l.element === element);
  if (!found)
    throw scanner.unexpected(
      'the list\'s type, as in "axes: ints = []", for a list without elements',
    );
  return { type: found.type, ...found.gather(values) };
}

/** @param declared lets an integer stand for a float */
function parseValue(scanner: Scanner, declared: number | undefined): AttributeMessage {
  if (scanner.peek() === '"') {
    const text = scanner.string('a string');
    // the standard has no graph of a quoted name here, but names that are no identifiers exist
    if (scanner.peek() === '(')
      return { type: AttributeType.GRAPH, g: parseGraphNamed(scanner, text) };
    return { type: AttributeType.STRING, s: textToBytes(text) };
  }
  const word = scanner.peekWord();
  if (nextIsType(scanner)) return parseTypedValue(scanner);
  if (word !== '' && !isFloatWord(word))
    return { type: AttributeType.GRAPH, g: parseGraph(scanner) };
  if (!/[-0-9A-Za-z]/.test(scanner.peek())) throw scanner.unexpected("an attribute's value");
  const isInteger = declared !== AttributeType.FLOAT && !scanner.nextIsFloat();
  if (isInteger)
    return { type: AttributeType.INT, i: Long.fromBigInt(scanner.int64('an integer')) };
  return { type: AttributeType.FLOAT, f: parseFloat32(scanner.number('a number').text) };
}

/** What begins with a type: a tensor, a sparse tensor, or the type itself. */
function parseTypedValue(scanner: Scanner): AttributeMessage {
  const type = parseType(scanner);
  if (!nextIsName(scanner) && !/[{=[.]/.test(scanner.peek()))
    return { type: AttributeType.TYPE_PROTO, tp: type };
  const name = nextIsName(scanner) ? { name: scanner.name("a tensor's name") } : {};
  scanner.accept('=');
  if (!type.sparseTensorType)
    return { type: AttributeType.TENSOR, t: { ...parseTensorData(scanner, type), ...name } };
  const sparse = parseSparseData(scanner, type);
  return {
    type: AttributeType.SPARSE_TENSOR,
    sparseTensor: { ...sparse, values: { ...sparse.values, ...name } },
  };
}
