/** Errors about passes that were written by somebody else, and the names that passes have. */
import { StepfoldError } from './base.js';

export const pluginFailed = (file: string, why: string) =>
  new StepfoldError('PLUGIN_FAILED', `The plugin "${file}" cannot be loaded: ${why}.`, {
    file,
    hint: 'Load it with `node` alone to see where it fails.',
  });

/** @param why the end of a sentence about what it exports */
export const pluginNoPass = (file: string, why: string) =>
  new StepfoldError('PLUGIN_NO_PASS', `The plugin "${file}" exports no pass: ${why}.`, {
    file,
    hint: 'Let its default export be a pass, or an array of passes; see docs/writing-passes.md.',
  });

/** @param why the end of a sentence about its options */
export const passSchema = (pass: string, why: string) =>
  new StepfoldError('PASS_SCHEMA', `The pass "${pass}" ${why}.`, {
    hint: 'docs/writing-passes.md has the keywords of JSON Schema that options may have.',
  });

export const passNameTaken = (pass: string) =>
  new StepfoldError('PASS_NAME_TAKEN', `There are two passes "${pass}".`, {
    hint: 'Give the one of your own another name, or leave one plugin out.',
  });

export const strategyNameTaken = (pass: string, strategy: string) =>
  new StepfoldError(
    'PASS_STRATEGY_TAKEN',
    `The pass "${pass}" means something else by the strategy "${strategy}" than a pass before it.`,
    { hint: 'Give the strategy another name: schedules name strategies, and not their passes.' },
  );

/** What a pass of one's own threw, where ours would say what is wrong with model or options. */
export const passThrew = (pass: string, why: string) =>
  new StepfoldError('PASS_THREW', `The pass "${pass}" gave up: ${why}.`, {
    hint: 'If that is no word about the model or the options, it is a fault of the pass.',
  });
