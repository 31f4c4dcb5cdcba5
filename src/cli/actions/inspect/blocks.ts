/** The part of `stepfold inspect` about transformer blocks: where each lies, and what it costs. */
import type { BlockInfo, LayerKind, Refusal } from '../../../compiler/analysis/index.js';
import { percent } from '../../../evidence/report/strategies.js';
import { formatCount, formatMacs, formatShape, heading, print, printTable } from '../../output.js';

const SHORT: Readonly<Record<LayerKind, string>> = {
  'self-attention': 'self',
  'cross-attention': 'cross',
  'feed-forward': 'feed-forward',
};

export function printBlocks(table: readonly BlockInfo[], refused: readonly Refusal[]): void {
  if (table.length > 0) {
    const stages = new Set(table.map((block) => block.stage)).size;
    heading(stages > 1 ? `Transformer blocks, in ${stages} stages` : 'Transformer blocks');
    printTable(
      [
        'blocks',
        ...(stages > 1 ? ['stage'] : []),
        'layers of each',
        'stream',
        'MACs in layers',
        'with attention',
        'of all',
        'parameters',
      ],
      runsOfEqual(table).map(([first, last]) => [
        first === last ? first.index : `${first.index}-${last.index}`,
        ...(stages > 1 ? [first.stage] : []),
        layersOf(first),
        first.streams.map(({ shape }) => formatShape(shape ?? undefined)).join(' and '),
        formatMacs(first.macs.layers),
        formatMacs(first.macs.all),
        percent(first.share),
        formatCount(first.parameters),
      ]),
    );
  }
  for (const { node, reason } of refused)
    print(`No block around ${node}: ${reason}. No option of delta-cache puts one there.`);
}

/** Of several streams with the same layers, those are named once. */
function layersOf({ layers, streams }: BlockInfo): string {
  const names = layers.map((kind) => SHORT[kind]);
  const each = names.slice(0, names.length / streams.length);
  const alike = names.every((name, i) => name === each[i % each.length]);
  return (alike ? each : names).join(', ');
}

/** Most transformers repeat one block: those of a stage that differ only by their place are one line. */
function runsOfEqual(table: readonly BlockInfo[]): [first: BlockInfo, last: BlockInfo][] {
  const key = ({ index, streams, ...rest }: BlockInfo) =>
    JSON.stringify([rest, streams.map((stream) => stream.shape)]);
  const runs: [BlockInfo, BlockInfo][] = [];
  for (const block of table) {
    const run = runs.at(-1);
    if (run && key(run[0]) === key(block)) run[1] = block;
    else runs.push([block, block]);
  }
  return runs;
}
