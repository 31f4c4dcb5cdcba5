/** Names of the loop as one model, of what it takes and of what it gives. */
export const LOOP_MODEL = 'loop';
export const NOISE = 'noise';
export const INIT = 'init';
export const STEP_NOISE = 'step_noise';
export const GUIDANCE_SCALE = 'guidance_scale';
export const LATENT = 'latent';
export const IMAGE = 'image';
export const unconditional = (input: string): string => `unconditional.${input}`;
