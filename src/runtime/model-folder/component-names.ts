/**
 * Which components of a pipeline are denoisers. That a component's name says what it is is part of the
 * format: `unet`, `transformer_2`, `unet_refiner` are called once a step, `text_encoder` is not.
 */
const DENOISER = /(^|_)(unet|transformer|refiner|prior)(_\d+)?$/;

export const isDenoiser = (component: string): boolean => DENOISER.test(component);
