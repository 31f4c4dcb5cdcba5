/** `stepfold transform`: a model and passes in, a bundle out. */
import type { Argv } from 'yargs';
import { EMIT_FORMS } from '../../lower/lowered.js';
import { jsonOption, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'transform <model>';
export const describe = 'Write a bundle: models and the schedule that runs them';

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', { type: 'string', demandOption: true, describe: 'ONNX file' })
    .options({
      output: { alias: 'o', type: 'string', demandOption: true, describe: 'Folder for the bundle' },
      pass: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Pass with its options: deepcache:branch=2,interval=3 (repeatable)',
      },
      calls: { type: 'number', describe: 'Calls in the denoising loop' },
      config: { type: 'string', describe: 'pipeline.json with passes and options' },
      plan: {
        type: 'string',
        describe:
          'plan.json: the strategy of each site at each call, in place of what passes propose',
      },
      emit: { choices: EMIT_FORMS, describe: 'How programs become models [default: split]' },
      weights: {
        choices: ['link', 'copy'] as const,
        describe: 'Hard-link the weights where possible, or copy them [default: link]',
      },
      force: { type: 'boolean', default: false, describe: 'Replace a bundle that is there' },
      ...shapeOptions,
      ...jsonOption,
    })
    .example(
      '$0 transform unet.onnx --pass deepcache:branch=2,interval=3 --calls 50 -o bundle',
      'One full call, two shallow ones, and so on',
    )
    .example(
      '$0 transform unet.onnx --pass deepcache:branch=1,interval=5,center=15,power=1.4 --calls 50 -o bundle',
      'Full calls crowd around call 15',
    )
    .example(
      '$0 transform unet.onnx --pass deepcache:branch=2,full=0+5+12 --calls 20 --emit merged -o bundle',
      'Full calls listed, one model with an If',
    );

export type TransformArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: TransformArguments): Promise<void> =>
  (await import('../actions/transform.js')).transform(args);
