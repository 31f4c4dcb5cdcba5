/** What every command starts from: a model in canonical form, with shapes, roles and sizes. */
import { feedUnknown, unknownOpset } from '../../errors/index.js';
import { holding } from '../../model/files/held-file.js';
import { cloneModel } from '../../model/ir/clone.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import { dropLeftOvers } from '../../model/onnx/left-overs.js';
import { fixInputShapes, freezeSymbols } from '../../model/shape/index.js';
import { findInputRoles, findWholeLoop } from '../analysis/index.js';
import { canonicalize } from '../canonicalize/index.js';
import { Watch } from '../stages/index.js';
import { chooseBindings, inputFollowers } from './bindings.js';
import type { PipelineOptions, PrepareOptions, WholeLoop } from './options.js';
import type { Prepared, Reading } from './prepared.js';

/** Operators of later sets may mean something else under the same name. */
const NEWEST_OPSET = 26;

/**
 * Canonical form, shapes, roles and sizes of a model: what every command starts from.
 * @throws FEED_UNKNOWN, OPSET_UNKNOWN, SHAPE_UNKNOWN_INPUT, GRAPH_BROKEN, and what else is wrong with its graph
 */
export function prepare(source: Model, options: PrepareOptions = {}): Promise<Prepared> {
  return holding(() => prepareOnce(source, options, new Watch(options, source)));
}

export async function prepareOnce(
  source: Model,
  options: PrepareOptions,
  watch: Watch,
): Promise<Prepared> {
  const opset = opsetVersion(source);
  if (opset > NEWEST_OPSET) throw unknownOpset(opset, NEWEST_OPSET);
  watch.tell('source', source);
  const { model: canonical } = cloneModel(source);
  const leftOut = dropLeftOvers(canonical);
  if (options.shapes) fixInputShapes(canonical, options.shapes);
  if (options.freeze) freezeSymbols(canonical, options.freeze);
  const { shapes, trace, notes } = await canonicalize.run(canonical, {
    ...(options.engine !== undefined && { engine: options.engine }),
    watch,
  });
  watch.tell('canonical', canonical);
  const names = canonical.graph.inputs.map((v) => v.name);
  for (const name of Object.values(options.roles ?? {}))
    if (!names.includes(name)) throw feedUnknown(name, names);
  const roles = findInputRoles(canonical.graph, shapes, options.roles);
  const given = new Map(Object.entries(options.sizes ?? {}));
  const { graph } = canonical;
  const wholeLoop = findWholeLoop(graph);
  const followers = inputFollowers(graph, shapes, roles, given);
  const bindings = chooseBindings(graph, shapes, roles, given, options.guidance, followers);
  return {
    source,
    reading: readingOf(options),
    canonical,
    shapes,
    roles,
    bindings,
    followers,
    trace,
    notes: [...leftOut, ...notes, ...(wholeLoop ? [wholeLoop] : [])],
  };
}

const readingOf = ({ shapes, freeze, roles, sizes, guidance, engine }: Reading): Reading => ({
  ...(shapes && { shapes }),
  ...(freeze && { freeze }),
  ...(roles && { roles }),
  ...(sizes && { sizes }),
  ...(guidance && { guidance }),
  ...(engine !== undefined && { engine }),
});

/** Whether reading a model by other options would come to the same. */
export const isReadBy = ({ reading }: Prepared, options: Reading): boolean => {
  const { engine, ...others } = readingOf(options);
  const { engine: before, ...same } = reading;
  return engine === before && JSON.stringify(others) === JSON.stringify(same);
};

/** What the form `loop` holds beside the plan, with the decoder in canonical form. */
export async function wholeOf({
  whole,
  emit,
  engine,
}: PipelineOptions): Promise<WholeLoop | undefined> {
  if (emit !== 'loop' || !whole?.decoder) return whole;
  const { decoder } = whole;
  const options = engine === undefined ? {} : { engine };
  const { canonical } = await prepareOnce(decoder.model, options, new Watch({}, decoder.model));
  return { ...whole, decoder: { ...decoder, model: canonical } };
}
