/** Options of commands that run a loop: pictures to start from, and models beside the denoiser. */
import { number, texts, wholeNumber } from './arguments.js';

export const partOptions = {
  init: {
    type: 'string',
    describe:
      'What to start from: latents.npy, or picture.png (encoded by the vae_encoder of a folder)',
  },
  strength: {
    type: 'number',
    describe: 'With --init: the part of the steps that is made, above 0 to 1',
    check: number('strength'),
  },
  mask: {
    type: 'string',
    describe:
      'With --init: white in a .png, or 1 in a .npy, where it is made anew [default: all of it]',
  },
  control: {
    type: 'string',
    describe: 'Second model whose outputs are inputs of the denoiser, as ControlNet is',
  },
  'control-feed': texts('Input of it from a file, or numbers: controlnet_cond=edges.npy'),
  'control-scale': {
    type: 'number',
    describe: 'By what its outputs are multiplied [default: 1]',
    check: number('control-scale'),
  },
  'control-interval': {
    type: 'number',
    describe: 'Run it at every so many steps, and take its outputs again between [default: 1]',
    check: wholeNumber('control-interval', 1),
  },
  'then-model': {
    type: 'string',
    describe: 'Model, bundle or folder that takes over: a refiner, or the expert of the last steps',
  },
  'then-from-step': {
    type: 'number',
    describe: 'Its first step, counted from 0',
    check: wholeNumber('then-from-step', 1),
  },
  'then-below-timestep': {
    type: 'number',
    describe: 'In place of a step: it makes those whose timestep is below this one',
    check: number('then-below-timestep'),
  },
  'then-feed': texts('Input of it; default what the first has by that name'),
  'then-unconditional': texts('Input of the unconditional half of it'),
  'then-guidance-scale': {
    type: 'number',
    describe: "Its guidance scale [default: the first's]",
    check: number('then-guidance-scale'),
  },
  'embedded-guidance': {
    type: 'number',
    describe: 'Guidance scale of a model that takes it as an input, as FLUX.1-dev does',
    check: number('embedded-guidance'),
  },
} as const;
