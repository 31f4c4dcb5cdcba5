/**
 * Holds a model against what an engine's table says, and lists what the engine would not take: which nodes, why,
 * and what to do. Nodes that are alike make one finding. Costs one inference of shapes and one walk over the nodes.
 *
 * It claims what the table says as of the day that it was read, and nothing of a run.
 */
import {
  type Alike,
  type EngineWords,
  type OpenInput,
  openSizes,
  type StepfoldError,
  targetControlFlow,
  targetOperand,
  targetOperator,
  targetOperatorVersion,
} from '../../../errors/index.js';
import type { EngineTable } from '../../../generated/engine.js';
import { type Model, opsetVersion } from '../../../model/ir/model.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { topologicalOrder } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../../model/shape/index.js';
import { symbolsOf } from '../../../model/sizes/dim.js';
import { graphsOf } from '../../canonicalize/graphs.js';
import { type Finding, findingOf } from './finding.js';
import { unmetBy } from './operands.js';
import { bestOpset, hasVersion, rowOf, versionOf } from './versions.js';

/** Makes the error of one reason, for all nodes that have it. */
interface Reason {
  readonly key: string;
  readonly control?: true;
  readonly error: (engine: EngineWords, alike: Alike) => StepfoldError;
}

/** Errors before warnings, and within those in the order of the model. */
export function checkFor(model: Model, table: EngineTable): Finding[] {
  const shapes = inferShapes(model);
  const engine = wordsOf(table);
  const open = openInputs(model, shapes, table);
  const found = open ? [findingOf(table.openSizes === 'refused' ? 'error' : 'warning', open)] : [];
  const alike = new Map<string, { reason: Reason; opType: string; labels: string[] }>();
  const opset = opsetVersion(model);
  for (const graph of graphsOf(model.graph))
    for (const node of topologicalOrder(graph)) {
      const reason = reasonAgainst(node, table, shapes, opset);
      if (!reason) continue;
      const key = `${node.domain}:${node.opType}:${reason.key}`;
      const group = alike.get(key) ?? { reason, opType: node.opType, labels: [] };
      group.labels.push(node.label);
      alike.set(key, group);
    }
  const severity = table.elsewhere === 'refused' ? 'error' : 'warning';
  for (const { reason, ...nodes } of alike.values())
    found.push(findingOf(severity, reason.error(engine, nodes)));
  return found.sort((a, b) => Number(a.severity !== 'error') - Number(b.severity !== 'error'));
}

/** The table by name, version and day, as messages say it. */
export function wordsOf({
  title,
  sources,
  elsewhere,
  openSizes: open,
}: EngineTable): EngineWords & Pick<EngineTable, 'openSizes'> {
  const { version, read } = sources.find((s) => s.for.includes('operators')) ?? sources[0]!;
  return { title, elsewhere, openSizes: open, table: `its table (${version}, read ${read})` };
}

function reasonAgainst(
  node: Node,
  table: EngineTable,
  shapes: ShapeTable,
  opset: number,
): Reason | undefined {
  // an initializer by the time that an engine is asked
  if (isOp(node, 'Constant')) return undefined;
  const { matching, elsewhere, controlFlow } = table;
  if (elsewhere === 'refused' && controlFlow === 'refused' && isOp(node, 'If', 'Loop', 'Scan'))
    return { key: 'control', error: targetControlFlow };
  const row = rowOf(node, table);
  if (!row) return { key: 'operator', error: (e, nodes) => targetOperator(e, nodes, node.domain) };
  const version = versionOf(node, opset);
  if (!hasVersion(row, matching, version, opset)) {
    const best = bestOpset(node, row, matching, opset);
    return { key: 'version', error: (e, nodes) => targetOperatorVersion(e, nodes, version, best) };
  }
  const unmet = unmetBy(node, row, shapes);
  return (
    unmet && {
      // one finding for nodes whose values alone differ
      key: unmet.why.replace(/"[^"]*"/g, ''),
      error: (e, nodes) => targetOperand(e, nodes, unmet.why, unmet.todo),
    }
  );
}

function openInputs(
  { graph }: Model,
  shapes: ShapeTable,
  table: EngineTable,
): StepfoldError | undefined {
  const symbols = new Set<string>();
  const inputs = graph.inputs
    .filter((value) => !value.initializer)
    .map((value) => ({ name: value.name, axes: openAxes(value, shapes, symbols) }))
    .filter(({ axes }) => axes.length > 0);
  return inputs.length > 0 ? openSizes(wordsOf(table), inputs, [...symbols]) : undefined;
}

function openAxes(value: Value, shapes: ShapeTable, symbols: Set<string>): OpenInput['axes'] {
  const declared = value.type?.kind === 'tensor' ? value.type.shape : undefined;
  return (shapes.shape(value) ?? []).flatMap((size, axis) => {
    if (size.constant !== undefined) return [];
    // sizes without a name in the file have none to be fixed by
    const named = typeof declared?.[axis] === 'string';
    if (named) for (const symbol of symbolsOf(size)) symbols.add(symbol);
    return [{ axis, size: named ? String(size.stated) : undefined }];
  });
}
