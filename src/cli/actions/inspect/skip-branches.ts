/** The part of `stepfold inspect` about U-Nets: what each cut would save, or why there is none. */
import type { BranchTable, UnetAnalysis } from '../../../compiler/analysis/index.js';
import {
  formatBytes,
  formatCount,
  formatMacs,
  formatShape,
  heading,
  print,
  printTable,
} from '../../output.js';

type Unet = Extract<UnetAnalysis, { isUnet: true }>;
type NoUnet = Extract<UnetAnalysis, { isUnet: false }>;

export function printNoUnet({ refusal }: NoUnet): void {
  const { reason, node, nearest } = refusal;
  heading('No U-Net');
  print(`${reason}${node ? `, at node "${node}"` : ''}.`);
  for (const line of nearest ?? []) print(`  ${line}`);
  print('deepcache and depth-skip cut at skip branches, so no option of theirs helps here.');
}

export function printSkipBranches(unet: Unet, table: BranchTable): void {
  heading('Skip branches (1 is the outermost)');
  printTable(
    [
      'branch',
      'shallow MACs',
      'of full',
      'with attention',
      'parameters',
      'state',
      'ddpm --branch',
      'cache_branch_id',
    ],
    table.branches.map((b) => [
      b.branch,
      formatMacs(b.shallowMacs.layers),
      `${((100 * b.shallowMacs.layers) / table.fullMacs.layers).toFixed(1)} %`,
      formatMacs(b.shallowMacs.all),
      formatCount(b.shallowParameters),
      formatBytes(b.stateBytes),
      b.ddpmBranch ?? '-',
      b.cacheBranchId ?? '-',
    ]),
  );
  for (const refused of unet.refused)
    print(
      `Branch ${refused.branch} cannot be cut: ${refused.reason}. No option helps; the others can.`,
    );
  for (const { node, reason } of unet.passedOver)
    print(
      `No branch joins at "${node}": ${reason}. No option helps; the branches above can be cut.`,
    );
  heading('What is kept at each');
  printTable(
    ['branch', 'shape', 'value'],
    table.branches.map((b) => [b.branch, formatShape(b.shape), b.value]),
  );
}
