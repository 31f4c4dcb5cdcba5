/** Passes from ES modules that somebody else wrote, beside ours. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { passesWith } from '../../passes/table.js';
import { type AnyPass, type PassTable, passProblem } from '../compiler/pass/index.js';
import { passThrew, pluginFailed, pluginNoPass, StepfoldError } from '../errors/index.js';
import { regularFile } from '../io/regular-file.js';

/**
 * Loading a module runs it.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, PLUGIN_FAILED, PLUGIN_NO_PASS, PASS_NAME_TAKEN, PASS_STRATEGY_TAKEN
 */
export async function readPasses(files: readonly string[] = []): Promise<PassTable> {
  const found: AnyPass[] = [];
  for (const file of files) found.push(...(await readPlugin(file)));
  return passesWith(found);
}

async function readPlugin(file: string): Promise<AnyPass[]> {
  regularFile(file);
  const exported = await load(file);
  const passes = Array.isArray(exported) ? exported : [exported];
  if (passes.length === 0) throw pluginNoPass(file, 'its default export is an empty array');
  return passes.map((given: unknown, i) => {
    const problem = passProblem(given);
    const which = Array.isArray(exported)
      ? `item ${i} of its default export`
      : 'its default export';
    if (problem) throw pluginNoPass(file, `${which} ${problem}`);
    return guarded(given as AnyPass, file);
  });
}

async function load(file: string): Promise<unknown> {
  try {
    return (await import(pathToFileURL(path.resolve(file)).href)).default;
  } catch (error) {
    throw pluginFailed(file, wordsOf(error));
  }
}

/** What such a pass throws is about the model or its options, or a fault of its own, and none of ours. */
function guarded(pass: AnyPass, plugin: string): AnyPass {
  const guard =
    <A extends unknown[], R>(work: (...args: A) => R) =>
    (...args: A): R => {
      try {
        return work.apply(pass, args);
      } catch (error) {
        throw error instanceof StepfoldError ? error : passThrew(pass.name, wordsOf(error));
      }
    };
  return {
    ...pass,
    plugin,
    propose: guard(pass.propose),
    ...(pass.prepare && { prepare: guard(pass.prepare) }),
    ...(pass.trials && { trials: guard(pass.trials) }),
  };
}

const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '') ||
  'it gives no reason';
