/**
 * Graphs, nodes and attributes as text, one node a line. Attributes that hold graphs stand after
 * the inputs, one a line. Where the standard cannot say something that computes (an operator whose
 * name is no identifier, a domain such as `pkg.torch.2.4.0`, lists of tensors), the text quotes or
 * lists it, which parseModel reads and ONNX's own parser does not.
 */
import {
  type AttributeMessage,
  AttributeType,
  type GraphMessage,
  type NodeMessage,
  type ValueInfoMessage,
} from '../messages.js';
import { impliedType } from '../to-ir.js';
import { printFloat32, withPoint } from './numbers.js';
import { bytesToText } from './strings.js';
import { attributeTypeName, printDomain, printName, printWord, quote } from './syntax.js';
import { printSparseTensor, printTensor, type TensorStyle } from './tensors.js';
import { printType } from './types.js';

const LINE = 100;
const STEP = '  ';

/** @param indent of the line that the graph begins on, which is not written */
export function printGraphText(graph: GraphMessage, style: TensorStyle, indent = ''): string {
  const lead = `${printName(graph.name ?? '')} `;
  const inputs = (graph.input ?? []).map(printInfo);
  const outputs = (graph.output ?? []).map(printInfo);
  const declared = [
    ...(graph.initializer ?? []).map((t) => printTensor(t, style)),
    ...(graph.sparseInitializer ?? []).map((s) => printSparseTensor(s, style)),
    ...(graph.valueInfo ?? []).map(printInfo),
  ];
  return (
    printSignature(lead, inputs, outputs, indent) +
    printDeclared(declared, indent) +
    printNodes(graph.node ?? [], style, indent, declared.length > 0)
  );
}

/** `name (inputs) => (outputs)`; one a line where it would be long. */
export function printSignature(
  lead: string,
  inputs: readonly string[],
  outputs: readonly string[],
  indent: string,
): string {
  const line = `${lead}(${inputs.join(', ')}) => (${outputs.join(', ')})`;
  if (indent.length + line.length <= LINE) return line;
  return `${lead}${printColumn('(', inputs, ')', indent)} => ${printColumn('(', outputs, ')', indent)}`;
}

function printColumn(
  open: string,
  items: readonly string[],
  close: string,
  indent: string,
): string {
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => indent + STEP + item).join(',\n')}\n${indent}${close}`;
}

export function printDeclared(items: readonly string[], indent: string): string {
  return items.length === 0 ? '' : `\n${indent}${printColumn('<', items, '>', indent)}`;
}

export function printNodes(
  nodes: readonly NodeMessage[],
  style: TensorStyle,
  indent: string,
  ownLine: boolean,
): string {
  const lines = nodes.map((node) => `${indent}${STEP}${printNode(node, style, indent + STEP)}\n`);
  return `${ownLine ? `\n${indent}` : ' '}{\n${lines.join('')}${indent}}`;
}

export function printInfo(info: ValueInfoMessage): string {
  const type = info.type ? printType(info.type) : '';
  return `${type}${type && ' '}${printName(info.name ?? '')}`;
}

/** @param indent of the line that the node stands on, which is not written */
function printNode(node: NodeMessage, style: TensorStyle, indent: string): string {
  const attributes = node.attribute ?? [];
  const holdsGraph = attributes.some((a) => a.g || a.graphs?.length);
  const texts = attributes.map((a) => printAttribute(a, style, indent + STEP));
  const flat = texts.length && !holdsGraph ? ` <${texts.join(', ')}>` : '';
  const tall = texts.length && holdsGraph ? ` ${printColumn('<', texts, '>', indent)}` : '';
  const label = node.name ? `[${printName(node.name)}] ` : '';
  const outputs = (node.output ?? []).map((name) => printName(name)).join(', ');
  const inputs = (node.input ?? []).map((name) => printName(name)).join(', ');
  return `${label}${outputs}${outputs && ' '}= ${printOperator(node)}${flat} (${inputs})${tall}`;
}

function printOperator(node: NodeMessage): string {
  const domain = node.domain ? `${printDomain(node.domain)}.` : '';
  const overload = node.overload ? `:${printWord(node.overload)}` : '';
  return `${domain}${printWord(node.opType ?? '')}${overload}`;
}

/** `name = value`; the type is written where the value does not tell it. */
export function printAttribute(a: AttributeMessage, style: TensorStyle, indent: string): string {
  const name = printWord(a.name ?? '');
  const type = a.type || impliedType(a);
  const typed = `${name}: ${attributeTypeName(type)}`;
  if (a.refAttrName) return `${type ? typed : name} = @${printName(a.refAttrName)}`;
  const value = printValue(type, a, style, indent);
  if (!value) return typed;
  return `${value === '[]' ? typed : name} = ${value}`;
}

const list = <T>(items: readonly T[] | undefined, print: (item: T) => string): string =>
  `[${(items ?? []).map(print).join(', ')}]`;

/** Undefined for a type of attribute that did not exist when this was written. */
function printValue(
  type: number,
  a: AttributeMessage,
  style: TensorStyle,
  indent: string,
): string | undefined {
  const floatText = (value: number) => withPoint(printFloat32(value));
  const stringText = (value: Uint8Array) => quote(bytesToText(value));
  switch (type) {
    case AttributeType.FLOAT:
      return floatText(a.f ?? 0);
    case AttributeType.INT:
      return String(a.i ?? 0);
    case AttributeType.STRING:
      return stringText(a.s ?? new Uint8Array(0));
    case AttributeType.TENSOR:
      return printTensor(a.t ?? {}, style);
    case AttributeType.GRAPH:
      return printGraphText(a.g ?? {}, style, indent);
    case AttributeType.FLOATS:
      return list(a.floats, floatText);
    case AttributeType.INTS:
      return list(a.ints, String);
    case AttributeType.STRINGS:
      return list(a.strings, stringText);
    case AttributeType.TENSORS:
      return list(a.tensors, (t) => printTensor(t, style));
    case AttributeType.GRAPHS:
      return list(a.graphs, (g) => printGraphText(g, style, indent));
    case AttributeType.SPARSE_TENSOR:
      return printSparseTensor(a.sparseTensor ?? {}, style);
    case AttributeType.SPARSE_TENSORS:
      return list(a.sparseTensors, (s) => printSparseTensor(s, style));
    case AttributeType.TYPE_PROTO:
      return printType(a.tp ?? {});
    case AttributeType.TYPE_PROTOS:
      return list(a.typeProtos, printType);
    default:
      return undefined;
  }
}
