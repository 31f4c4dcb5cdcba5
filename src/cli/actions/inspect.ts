/** What `stepfold inspect` does. */
import {
  analyzeUnet,
  type BranchTable,
  branchTable,
  type UnetAnalysis,
} from '../../analysis/index.js';
import { opsetVersion } from '../../ir/model.js';
import { loadModel } from '../../onnx/files.js';
import { prepare } from '../../pipeline/index.js';
import { readRoles, readShapes, readSizes } from '../arguments.js';
import type { InspectArguments } from '../commands/inspect.js';
import {
  formatBytes,
  formatCount,
  formatMacs,
  formatShape,
  formatSizes,
  heading,
  print,
  printJson,
  printTable,
} from '../output.js';
import { startStatus } from '../progress.js';

export async function inspect(args: InspectArguments): Promise<void> {
  const options = {
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
  const status = startStatus(args.json);
  status.show(`Reading ${args.model}`);
  const source = loadModel(args.model);
  const prepared = await prepare(source, options).finally(() => status.stop());
  const { canonical, shapes, bindings, roles } = prepared;
  const unet = analyzeUnet(canonical.graph, shapes);
  const table = branchTable(canonical.graph, shapes, unet.isUnet ? unet.joins : [], bindings);
  const port = (name: string, role?: string) => {
    const value = canonical.graph.find(name)!;
    return {
      name,
      type: shapes.dtype(value) ?? 'unknown',
      shape: shapes.shape(value)?.map((d) => d.constant ?? d.toString()),
      ...(role && { role }),
    };
  };
  const role = (name: string) =>
    name === roles.latent ? 'latent' : name === roles.timestep ? 'timestep' : 'condition';
  const report = {
    file: args.model,
    producer: [source.producerName, source.producerVersion].filter(Boolean).join(' '),
    irVersion: source.irVersion,
    opset: opsetVersion(source),
    nodes: source.graph.nodes.size,
    canonicalNodes: canonical.graph.nodes.size,
    inputs: canonical.graph.inputs
      .filter((v) => !v.initializer)
      .map((v) => port(v.name, role(v.name))),
    outputs: canonical.graph.outputs.map((v) => port(v.name)),
    roles,
    sizes: Object.fromEntries(bindings),
    parameters: table.parameters,
    macs: table.fullMacs,
    unknownMacs: table.unknownNodes,
    isUnet: unet.isUnet,
    ...(unet.isUnet ? { refusedBranches: unet.refused } : { refusal: unet.refusal }),
    branches: table.branches,
    notes: prepared.notes,
    ...(args.explain && { rewrites: prepared.trace }),
  };
  if (args.json) printJson(report);
  else printReport(report, unet, table);
}

function printReport(
  report: {
    file: string;
    producer: string;
    irVersion: number;
    opset: number;
    nodes: number;
    canonicalNodes: number;
    inputs: {
      name: string;
      type: string;
      shape?: (number | string)[] | undefined;
      role?: string;
    }[];
    outputs: { name: string; type: string; shape?: (number | string)[] | undefined }[];
    roles: { problems: readonly string[] };
    sizes: Record<string, number>;
    notes: readonly string[];
    rewrites?: readonly { rule: string; node: string }[];
  },
  unet: UnetAnalysis,
  table: BranchTable,
): void {
  print(
    `${report.file}: opset ${report.opset}, IR ${report.irVersion}${report.producer && `, by ${report.producer}`}; ${report.nodes} nodes, ${report.canonicalNodes} in canonical form`,
  );
  print(
    `${formatCount(table.parameters)} parameters, ${formatMacs(table.fullMacs.layers)} MACs in layers, ${formatMacs(table.fullMacs.all)} with attention products`,
  );
  print(`Figures are for ${formatSizes(report.sizes)}; --shape and --freeze change them.`);
  if (table.unknownNodes.length > 0)
    print(
      `MACs of ${table.unknownNodes.length} nodes are unknown and not counted, such as "${table.unknownNodes[0]}".`,
    );
  heading('Inputs and outputs');
  printTable(
    ['name', 'type', 'shape', 'role'],
    [
      ...report.inputs.map((p) => [p.name, p.type, formatShape(p.shape), p.role ?? '']),
      ...report.outputs.map((p) => [p.name, p.type, formatShape(p.shape), 'output']),
    ],
  );
  for (const problem of [...report.roles.problems, ...report.notes]) print(`Note: ${problem}.`);
  if (report.rewrites) {
    heading('Rewrites');
    printTable(
      ['rule', 'node'],
      report.rewrites.map((r) => [r.rule, r.node]),
    );
  }
  if (!unet.isUnet) {
    const { reason, node, nearest } = unet.refusal;
    heading('No U-Net');
    print(`${reason}${node ? `, at node "${node}"` : ''}.`);
    for (const line of nearest ?? []) print(`  ${line}`);
    return;
  }
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
      b.cacheBranchId,
    ]),
  );
  for (const refused of unet.refused)
    print(`Branch ${refused.branch} cannot be cut: ${refused.reason}.`);
  heading('What is kept at each');
  printTable(
    ['branch', 'shape', 'value'],
    table.branches.map((b) => [b.branch, formatShape(b.shape), b.value]),
  );
}
