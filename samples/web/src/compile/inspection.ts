/** What a model is, in tables. */
import type { Inspection } from 'stepfold';
import { el, table } from '../page/dom.js';

export function showInspection(name: string, inspection: Inspection): HTMLElement {
  const { inputs, outputs, branches, attention, blocks } = inspection;
  const refusal = 'refusal' in inspection ? inspection.refusal : undefined;
  const shape = (dims: readonly (number | string)[] | undefined) =>
    dims ? `[${dims.join(', ')}]` : '?';
  return el(
    'div',
    {},
    el('h3', { textContent: name }),
    el('p', {
      textContent: `${inspection.nodes} nodes, ${inspection.canonicalNodes} in canonical form; ${millions(inspection.parameters)} parameters, ${millions(inspection.macs.all)} MACs. ${whatItIs(inspection)}`,
    }),
    table(
      'Inputs and outputs',
      ['name', 'type', 'shape', 'role'],
      [
        ...inputs.map((port) => [port.name, port.type, shape(port.shape), port.role ?? '']),
        ...outputs.map((port) => [port.name, port.type, shape(port.shape), 'output']),
      ],
    ),
    branches.length > 0 &&
      more(
        `${branches.length} skip branches`,
        table(
          'Skip branches',
          ['branch', 'MACs of a shallow call', 'of all', 'kept value'],
          branches.map((b) => [
            b.branch,
            millions(b.shallowMacs.all),
            share(b.shallowMacs.all, inspection.macs.all),
            b.value,
          ]),
        ),
      ),
    attention.length > 0 &&
      more(
        `${attention.length} attention modules`,
        table(
          'Attention modules',
          ['site', 'kind', 'node'],
          attention.map((a) => [a.id ?? '', a.kind, a.nodes.softmax]),
        ),
      ),
    blocks.length > 0 &&
      more(
        `${blocks.length} transformer blocks`,
        table(
          'Transformer blocks',
          ['block', 'stage', 'MACs', 'of all'],
          blocks.map((b) => [
            b.index,
            b.stage,
            millions(b.macs.all),
            `${(100 * b.share).toFixed(1)} %`,
          ]),
        ),
      ),
    ...[refusal, ...inspection.refusedAttention, ...inspection.refusedBlocks]
      .filter((r) => r !== undefined)
      .slice(0, 5)
      .map(({ reason, node }) =>
        el('p', {
          className: 'faint',
          textContent: `Not used${node ? ` around ${node}` : ''}: ${reason}.`,
        }),
      ),
  );
}

const more = (title: string, contents: HTMLElement) =>
  el('details', {}, el('summary', { textContent: title }), contents);

function whatItIs({ isUnet, branches, blocks, attention }: Inspection): string {
  if (isUnet && branches.length > 0) return `A U-Net with ${branches.length} skip branches.`;
  if (blocks.length > 0) return `A transformer of ${blocks.length} blocks.`;
  return attention.length > 0
    ? `${attention.length} attention modules were found.`
    : 'Nothing that repeats was found.';
}

const share = (part: number, all: number) => `${((100 * part) / all).toFixed(1)} %`;

export function millions(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} G`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(2)} M` : `${(count / 1e3).toFixed(1)} k`;
}
