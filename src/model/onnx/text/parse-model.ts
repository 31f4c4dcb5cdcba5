/** Reads whole models: the header, the main graph, then functions up to the end of the text. */

import Long from 'long';
import { pushAll } from '../../ir/push-all.js';
import type {
  AttributeMessage,
  FunctionMessage,
  ModelMessage,
  OperatorSetIdMessage,
  ValueInfoMessage,
} from '../messages.js';
import { parseAttribute, parseGraph, parseInfo, parseNodes } from './parse-graph.js';
import { Scanner } from './scanner.js';
import { parseEntries } from './tensors.js';

export function parseModelText(text: string, label: string): ModelMessage {
  const scanner = new Scanner(text, label);
  const model: ModelMessage = {
    ...parseHeader(scanner, MODEL_KEYS),
    graph: parseGraph(scanner),
  };
  const functions: FunctionMessage[] = [];
  while (!scanner.atEnd()) functions.push(parseFunction(scanner));
  return functions.length > 0 ? { ...model, functions } : model;
}

type KeyReaders<T> = Readonly<Record<string, (scanner: Scanner) => T>>;

const text = (scanner: Scanner) => scanner.string('a quoted string');
const integer = (scanner: Scanner) => Long.fromBigInt(scanner.int64('an integer'));

const MODEL_KEYS: KeyReaders<Partial<ModelMessage>> = {
  ir_version: (s) => ({ irVersion: integer(s) }),
  opset_import: (s) => ({ opsetImport: parseOpsets(s) }),
  producer_name: (s) => ({ producerName: text(s) }),
  producer_version: (s) => ({ producerVersion: text(s) }),
  domain: (s) => ({ domain: text(s) }),
  model_version: (s) => ({ modelVersion: integer(s) }),
  doc_string: (s) => ({ docString: text(s) }),
  metadata_props: (s) => ({ metadataProps: parseEntries(s) }),
};

const FUNCTION_KEYS: KeyReaders<Partial<FunctionMessage>> = {
  domain: (s) => ({ domain: text(s) }),
  overload: (s) => ({ overload: text(s) }),
  opset_import: (s) => ({ opsetImport: parseOpsets(s) }),
  doc_string: (s) => ({ docString: text(s) }),
};

/** `<key: value, …>`, or nothing. */
function parseHeader<T extends object>(scanner: Scanner, keys: KeyReaders<T>): T {
  if (!scanner.accept('<')) return {} as T;
  const expected = `one of ${Object.keys(keys).join(', ')}`;
  const entries = scanner.oneOrMore('>', () => {
    const key = scanner.peekWord();
    if (!Object.hasOwn(keys, key)) throw scanner.unexpected(expected);
    scanner.word(expected);
    scanner.expect(':');
    return (keys[key] as (scanner: Scanner) => T)(scanner);
  });
  return Object.assign({}, ...entries) as T;
}

function parseOpsets(scanner: Scanner): OperatorSetIdMessage[] {
  scanner.expect('[');
  return scanner.list(']', () => {
    const domain = scanner.string('a quoted domain');
    scanner.expect(':');
    return { domain, version: Long.fromBigInt(scanner.int64('a version')) };
  });
}

function parseFunction(scanner: Scanner): FunctionMessage {
  const header = parseHeader(scanner, FUNCTION_KEYS);
  const name = scanner.name("a function's name");
  const parameters = parseParameters(scanner);
  const valueInfo: ValueInfoMessage[] = [];
  // the types of inputs and outputs are kept beside them, in value_info
  const names = () => {
    scanner.expect('(');
    return scanner.list(')', () => {
      const info = parseInfo(scanner);
      if (info.type) valueInfo.push(info);
      return info.name ?? '';
    });
  };
  const input = names();
  scanner.expect('=>');
  const output = names();
  if (scanner.accept('<'))
    pushAll(
      valueInfo,
      scanner.list('>', () => parseInfo(scanner)),
    );
  return { ...header, name, ...parameters, input, output, valueInfo, node: parseNodes(scanner) };
}

/** `<name, name = default, …>`, or nothing. */
function parseParameters(scanner: Scanner): {
  attribute: string[];
  attributeProto: AttributeMessage[];
} {
  const attribute: string[] = [];
  const attributeProto: AttributeMessage[] = [];
  if (scanner.accept('<'))
    scanner.oneOrMore('>', () => {
      const name = scanner.name("an attribute's name");
      if (/[:=]/.test(scanner.peek())) attributeProto.push(parseAttribute(scanner, name));
      else attribute.push(name);
    });
  return { attribute, attributeProto };
}
