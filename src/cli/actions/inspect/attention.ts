/** The part of `stepfold inspect` about attention: every module, what it costs, what can be done to it. */
import type { AttentionInfo, Refusal } from '../../../compiler/analysis/index.js';
import { formatMacs, heading, print, printTable } from '../../output.js';

const KINDS: Readonly<Record<AttentionInfo['kind'], string>> = {
  self: 'self-attention',
  cross: 'cross-attention',
  pooling: 'pooling attention',
  linear: 'linear attention',
};

/** "28 self-attention and 28 cross-attention modules"; empty where there are none. */
export function countModules(table: readonly AttentionInfo[]): string {
  const parts = Object.entries(KINDS).flatMap(([kind, name]) => {
    const count = table.filter((a) => a.kind === kind).length;
    return count > 0 ? [`${count} ${name}`] : [];
  });
  return parts.length > 0 ? `${parts.join(' and ')} module${table.length > 1 ? 's' : ''}` : '';
}

type Size = AttentionInfo['tokens'];

/** @param concrete a size as a number, for the sizes that the figures hold for */
export function printAttention(
  table: readonly AttentionInfo[],
  refused: readonly Refusal[],
  concrete: (size: Size) => string,
): void {
  if (table.length > 0) {
    heading('Attention');
    printModules(table, concrete);
    const sum = (part: 'projections' | 'products') =>
      percent(table.reduce((total, a) => total + (a.share?.[part] ?? 0), 0));
    print(
      `Together ${sum('projections')} of all MACs in projections, ${sum('products')} in products.`,
    );
  }
  for (const [why, ids] of refusedWindows(table)) {
    print(`No window on ${ids.join(', ')}, at node "${why.node}":`);
    print(`  ${why.reason}.`);
  }
  if (refused.length === 0) return;
  heading('No attention, though it looks like it');
  for (const { node, reason } of refused) print(`${node}: ${reason}.`);
  print('ditfastattn has no site there, and no option of it gives it one.');
}

function printModules(table: readonly AttentionInfo[], concrete: (size: Size) => string): void {
  const anyMask = table.some(isMasked);
  const anyGrid = table.some((a) => gridOf(a));
  const nameWidth = 34 - (anyMask ? 6 : 0) - (anyGrid ? 8 : 0);
  printTable(
    [
      'site',
      'tokens',
      ...(anyGrid ? ['grid'] : []),
      'heads',
      'size',
      'projections',
      'of all',
      'products',
      'of all',
      ...(anyMask ? ['mask'] : []),
      'window',
      'node',
    ],
    table.map((a) => [
      a.id ?? a.kind,
      a.id !== null ? concrete(a.tokens) : `${concrete(a.tokens)}x${concrete(a.keys)}`,
      ...(anyGrid ? [gridOf(a)] : []),
      concrete(a.heads),
      concrete(a.headSize),
      a.macs ? formatMacs(a.macs.projections) : '?',
      percent(a.share?.projections),
      a.macs ? formatMacs(a.macs.products) : '?',
      percent(a.share?.products),
      ...(anyMask ? [isMasked(a) ? 'yes' : ''] : []),
      a.id === null ? '' : a.window.possible ? 'yes' : 'no',
      cutInside(a.nodes.softmax, nameWidth),
    ]),
  );
}

/** The image's tokens by height and width, with those before and behind them: `77+64x64`. */
function gridOf({ grid, tokens }: AttentionInfo): string {
  if (!grid || 'reason' in grid) return '';
  const { from, sizes } = grid;
  const behind = Number(tokens) - from - sizes.reduce((a, b) => a * b, 1);
  return [from || [], sizes.join('x'), behind || []].flat().join('+');
}

const isMasked = ({ mask, causal }: AttentionInfo): boolean => mask !== null || causal;

/** Self-attentions that take no window, by reason. */
function refusedWindows(table: readonly AttentionInfo[]): [Refusal, string[]][] {
  const byReason = new Map<string, [Refusal, string[]]>();
  for (const { id, window } of table) {
    if (id === null || window.possible) continue;
    const key = `${window.node} ${window.reason}`;
    const [, ids] = byReason.get(key) ?? [window, []];
    byReason.set(key, [window, [...ids, id]]);
  }
  return [...byReason.values()];
}

function percent(fraction: number | undefined): string {
  if (fraction === undefined) return '?';
  const digits = fraction < 0.1 ? 2 : 1;
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** Both ends of a name say more than its middle. */
function cutInside(name: string, width: number): string {
  const front = (width - 1) >> 1;
  return name.length <= width ? name : `${name.slice(0, front)}…${name.slice(front + 1 - width)}`;
}
