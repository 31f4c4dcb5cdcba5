/** `stepfold work`: runs trials of a search beside it, on this machine or on others that share its folder or a queue. */
import type { Argv } from 'yargs';
import { jsonOption, number, pluginOption, queueOption, threadsOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'work [folder]';
export const describe = 'Help a running `stepfold tune`: run the trials that it asks for';

const positionals = {
  folder: {
    type: 'string',
    describe: "Folder of the search: its --work, or its output's name with .tuning behind it",
  },
} as const;

export const options = {
  model: {
    type: 'string',
    demandOption: true,
    describe: 'The model that the search is for, as it lies here',
  },
  idle: {
    type: 'number',
    default: 60,
    describe: 'Ends after so many seconds without anything to do; 0 takes what is there and ends',
    check: number('idle'),
  },
  queue: queueOption,
  ...threadsOption,
  ...pluginOption,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('folder', positionals.folder), options).epilogue(
    [
      examples(
        [
          'Two more processes beside a search, with a processor each',
          'stepfold tune unet.onnx -o bundle --work trials --threads 1 &\nstepfold work trials --model unet.onnx --threads 1 &\nstepfold work trials --model unet.onnx --threads 1',
        ],
        [
          'On the nodes of a cluster',
          'srun --ntasks 8 stepfold work /shared/trials --model /shared/unet.onnx',
        ],
        [
          'On machines that share nothing but a Redis',
          'stepfold work --queue redis://queue.lan --model unet.onnx --idle 600',
        ],
      ),
      'Results are the same whoever runs a trial. A worker that dies leaves nothing behind but a claim, which others take over; Ctrl-C gives its trial back.',
    ].join('\n\n'),
  );

export type WorkArguments = Arguments<typeof positionals & typeof options>;
