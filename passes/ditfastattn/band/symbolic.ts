/**
 * Banded attention where the token count is known only at run time: all chunks in one batch, and every
 * size comes out of the graph, so that any token count runs: no multiple of the chunk, less than a
 * chunk, less than the window. Costs the scores of all chunks, N(c+2w) a head, in memory at once.
 */

import { integers } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import { Arithmetic } from './arithmetic.js';
import { attendChunks, inRows } from './attend.js';
import { COPIES, type CutRules, chunkQueries } from './chunks.js';
import { runtimeMask } from './mask.js';
import { concat, gather, leading, node } from './nodes.js';
import type { BandOperands } from './operands.js';
import type { Band } from './window.js';

/** [...lead, tokens, size] */
export function symbolicBand(
  b: SiteBuilder,
  operands: BandOperands,
  window: Band,
  rules: CutRules = {},
): Value {
  const axis = operands.rank - 2;
  const x = new Arithmetic(b);
  const list = (...values: number[]) => integers(b.graph, values);
  const reshaped = (value: Value, ...dims: number[]) => node(b, 'Reshape', [value, list(...dims)]);

  const tokens = gather(b, node(b, 'Shape', [operands.q]), x.number(axis), 0);
  const zero = x.number(0);
  const last = x.subtract(tokens, x.number(1));
  const wanted = widthOf(x, window, tokens);
  const most = rules.chunk ? x.number(rules.chunk) : queriesOf(x, window, wanted);
  const count = x.ceilDivide(tokens, most);
  const chunk = x.ceilDivide(tokens, count);
  // a window wider than the sequence would only fetch keys to hide
  const width = x.min(wanted, last);

  const starts = reshaped(x.multiply(x.range(zero, count), chunk), -1, 1);
  const queries = x.range(zero, chunk);
  const keys = x.range(x.subtract(zero, width), x.add(chunk, width));
  // what lies beyond the sequence takes the nearest token; its keys are hidden, its queries cut off
  const places = x.add(starts, keys);
  const nearest = x.max(zero, x.min(places, last));
  const beyond = node(b, 'Not', [node(b, 'Equal', [places, nearest])]);
  const mixed = attendChunks(b, inRows(b, operands), {
    queries: x.min(x.add(starts, queries), last),
    keys: nearest,
    masks: [
      runtimeMask(b, operands.dtype, {
        queries: reshaped(queries, -1, 1),
        keys,
        width,
        beyond: reshaped(beyond, 0, 1, -1),
      }),
    ],
  });
  // 0 keeps an axis as it is
  const lead = Array<number>(axis).fill(0);
  const shape = concat(b, [list(...lead), reshaped(x.multiply(count, chunk), 1), list(-1)], 0);
  return leading(b, node(b, 'Reshape', [mixed, shape]), axis, reshaped(tokens, 1));
}

function widthOf(x: Arithmetic, window: Band, tokens: Value): Value {
  if ('tokens' in window) return x.number(window.tokens);
  return x.max(x.number(1), x.scaled(tokens, window.fraction));
}

/** `chunkQueries` of a width that only a run knows. */
function queriesOf(x: Arithmetic, window: Band, width: Value): Value {
  if ('tokens' in window) return x.number(chunkQueries(window.tokens));
  return x.root(x.multiply(width, x.number(2 * COPIES)));
}
