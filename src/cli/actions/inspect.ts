/** What `stepfold inspect` does. */
import { type InspectedTarget, inspectFor } from '../../compiler/inspect/for-target.js';
import { type Inspection, inspectModel } from '../../compiler/inspect/inspect.js';
import { type TargetName, targets, wordsOf } from '../../compiler/targets/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { sizeOf } from '../../model/shape/index.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { readRoles, readShapes, readSizes } from '../arguments.js';
import type { InspectArguments } from '../commands/inspect.js';
import { dumping } from '../dump.js';
import { printFindings } from '../findings.js';
import { printNext } from '../next.js';
import {
  formatCount,
  formatMacs,
  formatShape,
  formatSizes,
  heading,
  print,
  printJson,
  printTable,
  printUnknownMacs,
} from '../output.js';
import { startStatus } from '../progress.js';
import { readingFlags } from '../reading-flags.js';
import { STANDARD_INPUT, withModelFile } from '../standard-input.js';
import { printAttention } from './inspect/attention.js';
import { printBlocks } from './inspect/blocks.js';
import { printModules } from './inspect/modules.js';
import { printNoUnet, printSkipBranches } from './inspect/skip-branches.js';
import { whatItIs } from './inspect/what-it-is.js';

export const inspect = (args: InspectArguments): Promise<void> =>
  withModelFile(args.model, (file) => inspectFile(args, file));

async function inspectFile(args: InspectArguments, given: string): Promise<void> {
  const options = {
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
  const status = startStatus(args.json);
  status.show(`Reading ${args.model}`);
  const source = loadModel(findModel(given).file);
  const inspected = await dumping(
    args,
    (watch) => inspectModel(source, { ...options, ...watch }),
    ({ name }) => status.show(`Reading ${args.model}: ${name}`),
  ).finally(() => status.stop());
  const { inspection, prepared, unet, branches, attention, blocks } = inspected;
  const target =
    args.target && inspectFor(prepared.canonical, targets[args.target], prepared.bindings);
  if (target?.findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
  const report = {
    file: args.model,
    ...inspection,
    ...(target && { target }),
    ...(args.explain && { rewrites: prepared.trace }),
  };
  if (args.json) {
    printJson(report);
    return;
  }
  printModel(report, whatItIs(inspected));
  if (unet.isUnet) printSkipBranches(unet, branches);
  // a transformer is no U-Net that went wrong
  else if (inspection.attention.length === 0) printNoUnet(unet);
  printAttention(inspection.attention, attention.refused, (size) => {
    return String(sizeOf(size ?? null, prepared.bindings) ?? size ?? '?');
  });
  printBlocks(inspection.blocks, blocks.refused);
  printModules(inspection.modules, inspection.refusedModules);
  if (target) printTarget(target);
  if (args.model === STANDARD_INPUT) return;
  print();
  printNext(args.model, ...readingFlags(args).flat());
}

/** What a target makes of it, and what its engine would not take of that. */
function printTarget({ name, rewrites, findings }: InspectedTarget): void {
  heading(`For ${name}`);
  const rules = Object.entries(rewrites);
  if (rules.length > 0)
    print(`Rewritten: ${rules.map(([rule, count]) => `${rule} ${count}x`).join(', ')}.`);
  const { engine } = targets[name as TargetName];
  if (!engine) return;
  if (findings.length === 0) print(`It takes every node, by ${wordsOf(engine).table}.`);
  printFindings(findings);
}

/** What is printed, with the file and, where they are asked for, the rewrites. */
type Printed = Inspection & {
  readonly file: string;
  readonly rewrites?: readonly { readonly rule: string; readonly node: string }[];
};

function printModel(report: Printed, summary: readonly string[]): void {
  print(
    `${report.file}: opset ${report.opset}, IR ${report.irVersion}${report.producer && `, by ${report.producer}`}; ${report.nodes} nodes, ${report.canonicalNodes} in canonical form`,
  );
  for (const line of summary) print(line);
  print(
    `${formatCount(report.parameters)} parameters, ${formatMacs(report.macs.layers)} MACs in layers, ${formatMacs(report.macs.all)} with attention products`,
  );
  print(`Figures are for ${formatSizes(report.sizes)}; --shape and --freeze change them.`);
  printUnknownMacs(report.unknownMacs);
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
}
