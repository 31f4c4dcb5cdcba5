/** Triton's dynamic batcher: requests that lie in the queue together run together, as far as they are of one shape. */
import type { Model, Response } from './model.js';
import { normalized, type Request } from './requests.js';
import type { Tensor } from './tensors.js';

export interface Batched {
  readonly responses: Response[];
  /** How many requests ran together, in turn. */
  readonly batches: number[];
}

/** @param requests in the order in which they came */
export async function inferTogether(model: Model, requests: readonly Request[]): Promise<Batched> {
  const { config } = model;
  const most = config.dynamic_batching ? Math.max(1, config.max_batch_size) : 1;
  const groups: Map<string, Tensor>[][] = [];
  let rows = 0;
  for (const request of requests.map((one) => normalized(config, one))) {
    const own = config.max_batch_size > 0 ? [...request.values()][0]!.dims[0]! : 1;
    const last = groups.at(-1);
    if (last && rows + own <= most && rowShape(last[0]!) === rowShape(request)) {
      last.push(request);
      rows += own;
    } else {
      groups.push([request]);
      rows = own;
    }
  }
  const responses: Response[] = [];
  for (const group of groups) responses.push(...(await model.run(group)));
  return { responses, batches: groups.map((group) => group.length) };
}

const rowShape = (request: Map<string, Tensor>) =>
  [...request].map(([name, { dims }]) => `${name} ${dims.slice(1)}`).join();
