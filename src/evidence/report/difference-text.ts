/** The difference of two models as lines of text, in which control characters of names are visible. */

import { visible } from '../../errors/index.js';
import {
  isSame,
  type ModelDifference,
  type PortDifference,
  type Region,
  regionsOf,
} from '../../model/diff/index.js';
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { formatShape } from './format.js';

export type Tone = 'removed' | 'inserted' | 'changed' | 'heading' | 'faint';

export interface DifferenceTextOptions {
  /** Colours a line; by default none does. */
  readonly paint?: (text: string, tone: Tone) => string;
  /** Nodes of a region that are listed; more are counted. Default 12. */
  readonly most?: number;
  /** Shapes of the values of both models. */
  readonly shapes?: { readonly before: ShapeTable; readonly after: ShapeTable };
}

/** Without a line feed at the end. */
export function differenceText(
  difference: ModelDifference,
  { paint = (text) => text, most = 12, shapes }: DifferenceTextOptions = {},
): string {
  const { header, inputs, outputs, unread } = difference;
  if (isSame(difference)) return ['The models are the same.', ...unreadLine(unread)].join('\n');
  const sign = (text: string, tone: 'removed' | 'inserted' | 'changed') =>
    paint(`${{ removed: '-', inserted: '+', changed: '~' }[tone]} ${visible(text)}`, tone);
  const ports = (what: string, { removed, inserted, kept }: PortDifference) => [
    ...removed.map(({ name }) => sign(`${what} ${name}`, 'removed')),
    ...inserted.map(({ name }) => sign(`${what} ${name}`, 'inserted')),
    ...kept
      .filter(({ changes }) => changes.length > 0)
      .map(({ after, changes }) =>
        sign(`${what} ${after.name}  (${changes.join('; ')})`, 'changed'),
      ),
  ];
  const lines = [
    summary(difference),
    ...unreadLine(unread),
    ...header.map((line) => sign(line, 'changed')),
    ...ports('input', inputs),
    ...ports('output', outputs),
    ...operatorLines(difference),
  ];
  const regions = regionsOf(difference);
  regions.forEach((region, i) => {
    lines.push(
      '',
      paint(`Region ${i + 1} of ${regions.length}: ${regionTitle(region)}`, 'heading'),
    );
    const entries = [
      ...region.removed.map((node) => sign(nodeText(node, shapes?.before), 'removed')),
      ...region.inserted.map((node) => sign(nodeText(node, shapes?.after), 'inserted')),
      ...region.changed.map(({ after, changes, rewired }) => {
        const reads = rewired.map((at) => `input ${at} is ${after.inputs[at]?.name ?? 'left out'}`);
        return sign(
          `${nodeText(after, shapes?.after)}  (${[...changes, ...reads].join('; ')})`,
          'changed',
        );
      }),
    ];
    lines.push(...entries.slice(0, most));
    if (entries.length > most) lines.push(paint(`  and ${entries.length - most} more`, 'faint'));
  });
  return lines.join('\n');
}

const unreadLine = (unread: number): string[] =>
  unread === 0
    ? []
    : [`${unread} constants could not be compared: the data of one of the models are not there.`];

function summary({ kept, removed, inserted, inputs, outputs }: ModelDifference): string {
  const changed = kept.filter(({ changes }) => changes.length > 0).length;
  const rewired = kept.filter((k) => k.changes.length === 0 && k.rewired.length > 0).length;
  const same = kept.length - changed - rewired;
  const nodes = `${same} ${same === 1 ? 'node is' : 'nodes are'} the same, ${changed} changed, ${rewired} read something else; ${removed.length} removed, ${inserted.length} inserted.`;
  const ports = [inputs, outputs].flatMap((of) => [
    ...of.removed,
    ...of.inserted,
    ...of.kept.filter(({ changes }) => changes.length > 0),
  ]);
  if (ports.length === 0) return nodes;
  return `${nodes} ${ports.length} of the inputs and outputs ${ports.length === 1 ? 'differs' : 'differ'}.`;
}

/** By operator, those that differ most first. */
function operatorLines({ removed, inserted }: ModelDifference): string[] {
  const counts = new Map<string, { removed: number; inserted: number }>();
  const count = (nodes: readonly Node[], which: 'removed' | 'inserted') => {
    for (const node of nodes) {
      const name = operatorOf(node);
      const entry = counts.get(name) ?? { removed: 0, inserted: 0 };
      counts.set(name, entry);
      entry[which]++;
    }
  };
  count(removed, 'removed');
  count(inserted, 'inserted');
  const sorted = [...counts].sort(
    ([x, a], [y, b]) => b.removed + b.inserted - a.removed - a.inserted || (x < y ? -1 : 1),
  );
  const words = sorted.map(([name, { removed: r, inserted: i }]) =>
    [`${name}`, ...(r ? [`-${r}`] : []), ...(i ? [`+${i}`] : [])].join(' '),
  );
  return words.length > 0 ? ['', `By operator: ${visible(words.join(', '))}`] : [];
}

export function regionTitle({ removed, inserted, changed }: Region): string {
  const parts = [
    removed.length > 0 && `${removed.length} removed`,
    inserted.length > 0 && `${inserted.length} inserted`,
    changed.length > 0 && `${changed.length} changed`,
  ];
  return parts.filter(Boolean).join(', ');
}

export const operatorOf = ({ domain, opType }: Node): string =>
  domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`;

/** `y[2, 64] = Conv(x, w)`, as the text form of ONNX has it, without attributes. */
export function nodeText(node: Node, shapes?: ShapeTable): string {
  const outputs = node.outputs.flatMap((value) => (value ? [withShape(value, shapes)] : []));
  const inputs = node.inputs.map((value) => value?.name ?? '');
  return `${outputs.join(', ')} = ${operatorOf(node)}(${inputs.join(', ')})`;
}

function withShape(value: Value, shapes: ShapeTable | undefined): string {
  const shape = shapes?.stated(value);
  return shape ? `${value.name}${formatShape(shape)}` : value.name;
}
