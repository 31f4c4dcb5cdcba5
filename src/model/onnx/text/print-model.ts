/** Whole models as text: the header, the main graph, then the functions. */
import type { FunctionMessage, ModelMessage, OperatorSetIdMessage } from '../messages.js';
import {
  printAttribute,
  printDeclared,
  printGraphText,
  printInfo,
  printNodes,
  printSignature,
} from './print-graph.js';
import { printName, quote } from './syntax.js';
import { printEntries, type TensorStyle } from './tensors.js';

export function printModelText(model: ModelMessage, style: TensorStyle): string {
  const header = printHeader([
    ['ir_version', String(model.irVersion ?? 0)],
    ['opset_import', printOpsets(model.opsetImport)],
    ['producer_name', quoted(model.producerName)],
    ['producer_version', quoted(model.producerVersion)],
    ['domain', quoted(model.domain)],
    ['model_version', model.modelVersion === undefined ? undefined : String(model.modelVersion)],
    ['doc_string', quoted(model.docString)],
    ['metadata_props', model.metadataProps?.length ? printEntries(model.metadataProps) : undefined],
  ]);
  const graph = printGraphText(model.graph ?? {}, style);
  const functions = (model.functions ?? []).map((f) => printFunction(f, style));
  return [header + graph, ...functions].map((text) => `${text}\n`).join('\n');
}

const quoted = (text: string | undefined) => (text === undefined ? undefined : quote(text));

/** Lines whose value is undefined are left out. */
function printHeader(entries: readonly (readonly [string, string | undefined])[]): string {
  const lines = entries.flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key}: ${value}`],
  );
  return `<\n${lines.join(',\n')}\n>\n`;
}

function printOpsets(opsets: readonly OperatorSetIdMessage[] = []): string {
  return `[${opsets.map((o) => `${quote(o.domain ?? '')} : ${o.version ?? 0}`).join(', ')}]`;
}

function printFunction(f: FunctionMessage, style: TensorStyle): string {
  const header = printHeader([
    ['domain', quote(f.domain ?? '')],
    ['overload', f.overload ? quote(f.overload) : undefined],
    ['opset_import', printOpsets(f.opsetImport)],
    ['doc_string', quoted(f.docString)],
  ]);
  const parameters = [
    ...(f.attribute ?? []).map(printName),
    ...(f.attributeProto ?? []).map((a) => printAttribute(a, style, '')),
  ];
  const lead = `${printName(f.name ?? '')} ${parameters.length ? `<${parameters.join(', ')}> ` : ''}`;
  const inputs = (f.input ?? []).map(printName);
  const outputs = (f.output ?? []).map(printName);
  const declared = (f.valueInfo ?? []).map(printInfo);
  return (
    header +
    printSignature(lead, inputs, outputs, '') +
    printDeclared(declared, '') +
    printNodes(f.node ?? [], style, '', declared.length > 0)
  );
}
