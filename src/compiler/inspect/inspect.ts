/** What a model is: its inputs and their roles, and what of it could be had more cheaply. */

import type { Macs } from '../../model/cost/index.js';
import { holding } from '../../model/files/held-file.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import type { Value } from '../../model/ir/value.js';
import {
  type AttentionAnalysis,
  type AttentionInfo,
  analyzeUnet,
  attentionTable,
  type BlockAnalysis,
  type BlockInfo,
  type BranchInfo,
  type BranchTable,
  blockTable,
  branchTable,
  findAttention,
  findBlocks,
  findModules,
  findPlaces,
  type InputRoles,
  type ModuleInfo,
  moduleTable,
  type Refusal,
  type UnetAnalysis,
} from '../analysis/index.js';
import { type PipelineOptions, prepare } from '../pipeline/index.js';
import { unknownShapes } from './unknown-shapes.js';

export type InspectOptions = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'sizes' | 'engine' | 'debug' | 'onStage'
>;

/** An input or output, as a model declares it. */
export interface InspectedPort {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[] | undefined;
  /** Of an input: `latent`, `timestep` or `condition`. */
  readonly role?: string;
}

/** What `stepfold inspect --json` prints, but for the file. */
export interface Inspection {
  readonly producer: string;
  readonly irVersion: number;
  readonly opset: number;
  readonly nodes: number;
  readonly canonicalNodes: number;
  readonly inputs: readonly InspectedPort[];
  readonly outputs: readonly InspectedPort[];
  readonly roles: InputRoles;
  /** By symbol: the sizes that figures are for. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly parameters: number;
  readonly macs: Macs;
  /** Nodes whose multiply-accumulates are not known. */
  readonly unknownMacs: readonly string[];
  readonly isUnet: boolean;
  /** Of no U-Net: why not. */
  readonly refusal?: Refusal;
  /** Of a U-Net: joins that are no branch, and why. */
  readonly refusedBranches?: readonly (Refusal & { readonly branch: number })[];
  /** Of a U-Net: joins of feature maps on its main branch that join no skip, and why. */
  readonly passedOver?: readonly Refusal[];
  readonly branches: readonly BranchInfo[];
  readonly attention: readonly AttentionInfo[];
  readonly refusedAttention: readonly Refusal[];
  readonly blocks: readonly BlockInfo[];
  readonly refusedBlocks: readonly Refusal[];
  /** Attentions and feed-forwards by what leaves them. */
  readonly modules: readonly ModuleInfo[];
  readonly refusedModules: readonly Refusal[];
  /** Sentences without a full stop. */
  readonly notes: readonly string[];
}

export interface Inspected {
  readonly inspection: Inspection;
  /** @internal */
  readonly prepared: Awaited<ReturnType<typeof prepare>>;
  readonly unet: UnetAnalysis;
  readonly branches: BranchTable;
  readonly attention: AttentionAnalysis;
  readonly blocks: BlockAnalysis;
}

/**
 * Analyses a model in canonical form.
 * @throws what `prepare` throws
 */
export async function inspectModel(
  source: Model,
  options: InspectOptions = {},
): Promise<Inspected> {
  const prepared = await prepare(source, options);
  return holding(() => analyse(source, prepared));
}

function analyse(source: Model, prepared: Inspected['prepared']): Inspected {
  const { canonical, shapes, bindings, roles } = prepared;
  const unet = analyzeUnet(canonical.graph, shapes);
  const branches = branchTable(canonical.graph, shapes, unet.isUnet ? unet.joins : [], bindings);
  const attention = findAttention(canonical.graph, shapes);
  const blocks = findBlocks(canonical.graph, shapes, attention.found);
  const modules = findModules(canonical.graph, shapes, attention, blocks, roles.latent);
  const port = (value: Value, role?: string): InspectedPort => {
    return {
      name: value.name,
      type: shapes.dtype(value) ?? 'unknown',
      shape: shapes.stated(value),
      ...(role && { role }),
    };
  };
  const role = (name: string) =>
    name === roles.latent ? 'latent' : name === roles.timestep ? 'timestep' : 'condition';
  const inspection: Inspection = {
    producer: [source.producerName, source.producerVersion].filter(Boolean).join(' '),
    irVersion: source.irVersion,
    opset: opsetVersion(source),
    nodes: source.graph.nodes.size,
    canonicalNodes: canonical.graph.nodes.size,
    inputs: canonical.graph.inputs.filter((v) => !v.initializer).map((v) => port(v, role(v.name))),
    outputs: canonical.graph.outputs.map((v) => port(v)),
    roles,
    sizes: Object.fromEntries(bindings),
    parameters: branches.parameters,
    macs: branches.fullMacs,
    unknownMacs: branches.unknownNodes,
    isUnet: unet.isUnet,
    ...(unet.isUnet
      ? { refusedBranches: unet.refused, passedOver: unet.passedOver }
      : { refusal: unet.refusal }),
    branches: branches.branches,
    attention: attentionTable(
      attention,
      shapes,
      bindings,
      branches.fullMacs,
      findPlaces(canonical.graph, shapes),
    ),
    refusedAttention: attention.refused,
    blocks: blockTable(canonical.graph, blocks, shapes, bindings, branches.fullMacs),
    refusedBlocks: blocks.refused,
    modules: moduleTable(canonical.graph, modules, shapes, bindings, branches.fullMacs),
    refusedModules: modules.refused,
    notes: [...prepared.notes, ...unknownShapes(canonical.graph, shapes)],
  };
  return { inspection, prepared, unet, branches, attention, blocks };
}
