/** The nodes inside a block, before and after, as drawings that are made once however many blocks are alike. */
import type { ModelDifference } from '../../../model/diff/index.js';
import type { Node } from '../../../model/ir/node.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { differenceDrawing } from '../difference-drawing.js';
import { nodeText, operatorOf } from '../difference-text.js';
import { html, type Markup } from '../page/html.js';
import { scrolling, table } from '../page/page.js';
import type { BlockModel, ModelBlock } from './block-model.js';
import type { BlockUse } from './program-blocks.js';

export interface BlockDetails {
  /** Anchor of the drawing for a use of a block. */
  anchor(use: BlockUse): string | undefined;
  /** All drawings, in the order in which they were first asked for. */
  readonly markup: Markup[];
}

/** Rows of a list that stands in for a drawing. */
const MOST_ROWS = 12;

export function blockDetails(
  model: BlockModel,
  differences: ReadonlyMap<string, ModelDifference>,
  shapesOf: (id: string) => ShapeTable,
): BlockDetails {
  const anchors = new Map<string, string>();
  const entries = new Map<string, { names: string[]; body: Markup; id: string }>();
  const inserted = new Map(
    [...differences].map(([id, difference]) => [id, insertedByBlock(difference, model)]),
  );
  return {
    anchor({ block, model: id }) {
      const difference = id === undefined ? undefined : differences.get(id);
      if (id === undefined || !difference) return undefined;
      const key = `${id} ${block.name}`;
      const known = anchors.get(key);
      if (known) return known;
      const added = inserted.get(id)!.get(block) ?? [];
      const signature = signatureOf(block, added, difference);
      const alike = entries.get(signature);
      if (alike) {
        alike.names.push(`${block.name} of ${id}`);
        anchors.set(key, alike.id);
        return alike.id;
      }
      const anchor = `block-${entries.size}`;
      const shapes = { before: model.shapes, after: shapesOf(id) };
      const nodes = new Set([...block.nodes, ...added]);
      const drawing = differenceDrawing(
        `Nodes of ${block.name}`,
        difference,
        { nodes, border: true },
        shapes,
      );
      const body = drawing ?? summaryOf(block, added, difference, shapes.after);
      entries.set(signature, { names: [`${block.name} of ${id}`], body, id: anchor });
      anchors.set(key, anchor);
      return anchor;
    },
    get markup() {
      return [...entries.values()].map(
        ({ names, body, id }) =>
          html`<details><summary>${title(names)}</summary><div id="${id}">${scrolling(names[0]!, body)}</div></details>`,
      );
    },
  };
}

const title = (names: readonly string[]): string =>
  names.length > 4
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} alike`
    : names.join(', ');

/** Nodes that only the bundle has, by the block that they read from, or else are read by. */
function insertedByBlock(
  { inserted, after, matching }: ModelDifference,
  { blockOf }: BlockModel,
): Map<ModelBlock, Node[]> {
  const found = new Map<Node, ModelBlock>();
  const lookup = (node: Node) => found.get(node) ?? blockOf.get(matching.by(node) as Node);
  const place = (node: Node, neighbours: (Node | undefined)[]) => {
    const block = neighbours.flatMap((n) => (n ? [lookup(n)] : [])).find((b) => b !== undefined);
    if (block) found.set(node, block);
  };
  for (const node of inserted)
    place(
      node,
      node.inputs.flatMap((v) => (v ? after.sources(v) : [])).map((value) => value.producer),
    );
  for (const node of inserted.toReversed())
    if (!found.has(node))
      place(
        node,
        node.outputs.flatMap((v) => (v ? after.readers(v) : [])).map((reader) => reader.node),
      );
  const byBlock = new Map<ModelBlock, Node[]>();
  for (const [node, block] of found) byBlock.set(block, [...(byBlock.get(block) ?? []), node]);
  return byBlock;
}

/** Blocks with the same operators in the same order, of which the same are left, look alike. */
function signatureOf(
  { nodes }: ModelBlock,
  added: readonly Node[],
  { before, matching, kept }: ModelDifference,
): string {
  const rewired = new Set(
    kept.filter((k) => k.changes.length + k.rewired.length > 0).map((k) => k.before),
  );
  const tone = (node: Node) => (matching.of(node) ? (rewired.has(node) ? '~' : '=') : '-');
  return [
    ...before.nodes.filter((node) => nodes.has(node)).map((node) => tone(node) + operatorOf(node)),
    ...added.map((node) => `+${operatorOf(node)}`),
  ].join();
}

/** What is left and what is not, by operator, where a drawing would be too large. */
function summaryOf(
  { nodes }: ModelBlock,
  added: readonly Node[],
  { matching }: ModelDifference,
  after: ShapeTable,
): Markup {
  const counts = new Map<string, { kept: number; removed: number; inserted: number }>();
  const entry = (node: Node) => {
    const name = operatorOf(node);
    const found = counts.get(name) ?? { kept: 0, removed: 0, inserted: 0 };
    counts.set(name, found);
    return found;
  };
  for (const node of nodes) entry(node)[matching.of(node) ? 'kept' : 'removed']++;
  for (const node of added) entry(node).inserted++;
  const rows = [...counts]
    .sort(([, a], [, b]) => b.kept + b.removed + b.inserted - a.kept - a.removed - a.inserted)
    .slice(0, MOST_ROWS)
    .map(([name, { kept, removed, inserted }]) => [name, kept, removed, inserted]);
  return html`<p class="faint">${nodes.size + added.length} nodes, too many to draw.</p>${table(
    'Operators, before and after',
    ['operator', 'kept', '− removed', '+ inserted'],
    rows,
    [1, 2, 3],
  )}${added.length > 0 && html`<pre>${added.map((node) => `+ ${nodeText(node, after)}`).join('\n')}</pre>`}`;
}
