/** Which version of an operator a model means, and whether a table of an engine has it. */
import type { EngineRow, EngineTable } from '../../../generated/engine.js';
import { OPERATOR_VERSIONS } from '../../../generated/engines.js';
import { isStandard, MICROSOFT, type Node } from '../../../model/ir/node.js';

/** Standard by now, and onnxruntime's own in the standard domain before. */
const ADOPTED: ReadonlySet<string> = new Set(['LayerNormalization']);

/**
 * The newest version that is no newer than the operator set: 1 of operators that ONNX does not know, 0 of those that
 * it has not yet.
 */
export function versionOf(node: Node, opset: number): number {
  const known = isStandard(node) ? OPERATOR_VERSIONS[node.opType] : undefined;
  const early = ADOPTED.has(node.opType) ? 1 : 0;
  return known ? (known.findLast((version) => version <= opset) ?? early) : 1;
}

/** What a table says of a node's operator. */
export function rowOf(node: Node, { operators }: EngineTable): EngineRow | undefined {
  if (!isStandard(node)) return operators[node.domain]?.[node.opType];
  // tables differ in which domain they put onnxruntime's own operators in
  return (
    operators['ai.onnx']?.[node.opType] ??
    (node.opType in OPERATOR_VERSIONS ? undefined : operators[MICROSOFT]?.[node.opType])
  );
}

/** Does a row stand for this version of an operator in a model of this operator set? */
export function hasVersion(
  { versions }: EngineRow,
  matching: EngineTable['matching'],
  version: number,
  opset: number,
): boolean {
  if (!versions || matching === 'any') return true;
  if (matching === 'exact') return versions.includes(version);
  const first = versions[0] ?? version;
  // such tables begin with the oldest operator set that onnxruntime promises to take, whatever the version
  if (matching === 'from') return opset >= first;
  // a kernel of which no end is stated is for the version at which it begins alone
  const last = versions.at(-1) ?? version;
  return version === last || (version >= first && version < last);
}

/** The newest operator set whose version of the operator a row has, below the one that it has not. */
export function bestOpset(
  node: Node,
  row: EngineRow,
  matching: EngineTable['matching'],
  opset: number,
): number | undefined {
  for (let lower = opset - 1; lower >= 7; lower--)
    if (hasVersion(row, matching, versionOf(node, lower), lower)) return lower;
  return undefined;
}
