/** Passes by their names, as files, command lines and searches have them. */
import { unknownPass } from '../../errors/index.js';
import type { PassRequest, PassTable } from '../pass/index.js';
import type { Pipeline } from './pipeline.js';

/**
 * A pipeline with one more pass, by its name.
 * @throws PASS_UNKNOWN, PASS_OPTION
 */
export function usePass(
  pipeline: Pipeline,
  { passes }: Pick<PassTable, 'passes'>,
  { pass, options }: PassRequest,
): Pipeline {
  const found = passes.get(pass);
  if (!found) throw unknownPass(pass, [...passes.keys()]);
  return pipeline.use(found, options as never);
}

/** All of some, in order. @throws PASS_UNKNOWN, PASS_OPTION */
export const usePasses = (
  pipeline: Pipeline,
  table: Pick<PassTable, 'passes'>,
  requests: readonly PassRequest[],
): Pipeline => requests.reduce((so, request) => usePass(so, table, request), pipeline);
