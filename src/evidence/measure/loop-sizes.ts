/**
 * Sizes of a loop's symbols, from the arrays that it is given. Both halves of a guidance pair in one
 * batch, and a loop without guidance, have one set of sizes. Two calls a step have one each: a prompt
 * of five tokens and a negative one of nine are two different feeds of the same model.
 */
import type { Tensor } from 'onnxruntime-common';
import { feedShape, feedType, feedUnknown } from '../../errors/index.js';
import { parseDim, symbolsOf } from '../../model/shape/index.js';
import type { Guidance } from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { type Feeds, fitShape } from './feeds.js';

export type Sizes = Map<string, number>;

/** By half; the same map where there is but one set. */
export interface LoopSizes {
  readonly conditional: Sizes;
  readonly unconditional: Sizes;
}

export interface Given {
  readonly feeds: Feeds;
  readonly guidance?: Guidance | undefined;
  /** Shape of the latent, without doubling for guidance. */
  readonly latentShape?: readonly number[] | undefined;
}

/**
 * @param inputs as the caller sees them
 * @param known sizes that are asked for by their symbols
 * @throws FEED_UNKNOWN, FEED_TYPE, FEED_SHAPE
 */
export function loopSizes(
  inputs: readonly Port[],
  latent: Port,
  { feeds, guidance, latentShape }: Given,
  known: Sizes = new Map(),
): LoopSizes {
  const pair = guidance?.mode === 'batch';
  const settle = (arrays: Readonly<Record<string, unknown>>, sizes: Sizes): Sizes => {
    for (const [name, tensor] of Object.entries(arrays)) {
      const port = portOf(inputs, name);
      const { type, dims } = tensor as Tensor;
      if (type !== port.type) throw feedType(name, type, port.type);
      if (!fitShape(port, dims, sizes)) throw feedShape(name, dims, port.shape, sizes, pair);
    }
    if (latentShape && !fitShape(latent, latentShape, sizes))
      throw feedShape(latent.name, latentShape, latent.shape, sizes, pair);
    return sizes;
  };
  const conditional = settle(feeds, known);
  const other = guidance?.unconditional ?? {};
  if (guidance?.mode !== 'two-calls') {
    settle(other, conditional);
    return { conditional, unconditional: conditional };
  }
  // both calls are of the same latent
  const shared = new Map([...conditional].filter(([symbol]) => latentSymbols(latent).has(symbol)));
  return { conditional, unconditional: settle({ ...feeds, ...other }, shared) };
}

function latentSymbols({ shape }: Port): Set<string> {
  const symbols = new Set<string>();
  for (const dim of shape) if (typeof dim === 'string') symbolsOf(parseDim(dim), symbols);
  return symbols;
}

/** @throws FEED_UNKNOWN */
export function portOf(ports: readonly Port[], name: string): Port {
  const port = ports.find((p) => p.name === name);
  if (!port)
    throw feedUnknown(
      name,
      ports.map((p) => p.name),
    );
  return port;
}
