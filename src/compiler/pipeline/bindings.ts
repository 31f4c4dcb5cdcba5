/** Sizes for the symbols of a model's inputs, for figures and for made-up inputs. */

import type { Graph } from '../../model/ir/graph.js';
import {
  type Followers,
  findFollowers,
  type ShapeTable,
  symbolsOf,
  withFollowers,
} from '../../model/shape/index.js';
import type { GuidancePair } from '../../runtime/schedule/index.js';
import type { InputRoles } from '../analysis/index.js';

/** Sizes used where the user gives none; every output that depends on them says so. */
export const DEFAULT_SIZES = { batch: 1, spatial: 64, sequence: 77 } as const;

/** Which symbols follow from others; those that are given, then the latent's, decide. */
export function inputFollowers(
  graph: Graph,
  shapes: ShapeTable,
  roles: InputRoles,
  given: ReadonlyMap<string, number> = new Map(),
): Followers {
  const isLatent = ({ name }: { name: string }) => name === roles.latent;
  const inputs = [
    ...graph.inputs.filter(isLatent),
    ...graph.inputs.filter((input) => !isLatent(input)),
  ];
  const symbols = new Set<string>();
  for (const input of inputs) for (const dim of shapes.shape(input) ?? []) symbolsOf(dim, symbols);
  const known = [...symbols].filter((symbol) => given.has(symbol));
  return findFollowers(shapes, [...new Set([...known, ...symbols])]);
}

/**
 * A size for each symbol: 1 for the first dimension of an input, 64 for the latent's spatial ones,
 * what follows from these where the graph joins them, and 77 (the tokens of CLIP) for any other.
 * @param given sizes that are known; they win
 * @param guidance where both halves are in one batch, the batch is 2
 */
export function chooseBindings(
  graph: Graph,
  shapes: ShapeTable,
  roles: InputRoles,
  given: ReadonlyMap<string, number> = new Map(),
  guidance?: GuidancePair,
  followers = inputFollowers(graph, shapes, roles, given),
): Map<string, number> {
  const bindings = new Map<string, number>();
  for (const input of graph.inputs) {
    for (const [axis, dim] of (shapes.shape(input) ?? []).entries()) {
      const pair = axis === 0 && guidance?.mode === 'batch' ? 2 : 1;
      const size = pair * defaultSize(axis, input.name === roles.latent);
      for (const symbol of symbolsOf(dim))
        if (!bindings.has(symbol)) bindings.set(symbol, given.get(symbol) ?? size);
    }
  }
  return withFollowers(bindings, followers, new Set(given.keys()));
}

/** Size for a symbol on an axis of an input, where nothing else is known of it. */
export function defaultSize(axis: number, isLatent: boolean): number {
  if (axis === 0) return DEFAULT_SIZES.batch;
  return isLatent && axis >= 2 ? DEFAULT_SIZES.spatial : DEFAULT_SIZES.sequence;
}
