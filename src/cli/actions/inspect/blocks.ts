/** The part of `stepfold inspect` about transformer blocks: where each lies, and what it costs. */
import type { BlockInfo, LayerKind, Refusal } from '../../../analysis/index.js';
import { percent } from '../../../report/index.js';
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
        first.layers.map((kind) => SHORT[kind]).join(', '),
        formatShape(first.shape ?? undefined),
        formatMacs(first.macs.layers),
        formatMacs(first.macs.all),
        percent(first.share),
        formatCount(first.parameters),
      ]),
    );
  }
  for (const { node, reason } of refused) print(`No block around ${node}: ${reason}.`);
}

/** Most transformers repeat one block: those of a stage that differ only by their place are one line. */
function runsOfEqual(table: readonly BlockInfo[]): [first: BlockInfo, last: BlockInfo][] {
  const key = ({ index, input, output, ...rest }: BlockInfo) => JSON.stringify(rest);
  const runs: [BlockInfo, BlockInfo][] = [];
  for (const block of table) {
    const run = runs.at(-1);
    if (run && key(run[0]) === key(block)) run[1] = block;
    else runs.push([block, block]);
  }
  return runs;
}
