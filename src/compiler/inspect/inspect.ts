/** What a model is: its inputs and their roles, and what of it could be had more cheaply. */

import { holding } from '../../model/files/held-file.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import type { Value } from '../../model/ir/value.js';
import {
  analyzeUnet,
  attentionTable,
  blockTable,
  branchTable,
  findAttention,
  findBlocks,
} from '../analysis/index.js';
import { type PipelineOptions, prepare } from '../pipeline/index.js';
import { unknownShapes } from './unknown-shapes.js';

export type InspectOptions = Pick<
  PipelineOptions,
  'shapes' | 'freeze' | 'roles' | 'sizes' | 'engine'
>;

export type Inspected = Awaited<ReturnType<typeof inspectModel>>;
/** What `stepfold inspect --json` prints, but for the file. */
export type Inspection = Inspected['inspection'];

/**
 * Analyses a model in canonical form.
 * @throws what `prepare` throws
 */
export async function inspectModel(source: Model, options: InspectOptions = {}) {
  const prepared = await prepare(source, options);
  return holding(() => analyse(source, prepared));
}

function analyse(source: Model, prepared: Awaited<ReturnType<typeof prepare>>) {
  const { canonical, shapes, bindings, roles } = prepared;
  const unet = analyzeUnet(canonical.graph, shapes);
  const branches = branchTable(canonical.graph, shapes, unet.isUnet ? unet.joins : [], bindings);
  const attention = findAttention(canonical.graph, shapes);
  const blocks = findBlocks(canonical.graph, shapes, attention.found);
  const port = (value: Value, role?: string) => {
    return {
      name: value.name,
      type: shapes.dtype(value) ?? 'unknown',
      shape: shapes.shape(value)?.map((d) => d.constant ?? d.toString()),
      ...(role && { role }),
    };
  };
  const role = (name: string) =>
    name === roles.latent ? 'latent' : name === roles.timestep ? 'timestep' : 'condition';
  const inspection = {
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
    ...(unet.isUnet ? { refusedBranches: unet.refused } : { refusal: unet.refusal }),
    branches: branches.branches,
    attention: attentionTable(attention, shapes, bindings, branches.fullMacs),
    refusedAttention: attention.refused,
    blocks: blockTable(canonical.graph, blocks, shapes, bindings, branches.fullMacs),
    refusedBlocks: blocks.refused,
    notes: [...prepared.notes, ...unknownShapes(canonical.graph, shapes)],
  };
  return { inspection, prepared, unet, branches, attention, blocks };
}
