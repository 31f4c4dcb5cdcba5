/** Where `balanced` and `fast` were measured, by family: with which of the trained samples it has the most in common. */
import type { Source } from './recipe.js';

interface Measured {
  readonly balanced: Source;
  readonly fast: Source;
}

const UNET: Measured = {
  balanced: {
    kind: 'measured',
    where: 'forecasts-on-a-trained-u-net',
    text: 'on the digits U-Net, 25 of 50 steps full: 49.7 dB, in fewer steps of the best solver 43.2 dB; at places that suit solvers of a high order 54.5 and 56.3 dB',
  },
  fast: {
    kind: 'measured',
    where: 'forecasts-on-a-trained-u-net',
    text: 'on the digits U-Net, 17 of 50 steps full: 45.8 dB, in fewer steps of the best solver 40.1 dB; at places that suit solvers of a high order 50.1 and 50.0 dB',
  },
};

const TRANSFORMER: Measured = {
  balanced: {
    kind: 'measured',
    where: 'the-digits-transformer',
    text: 'on the digits transformer, 25 full calls: 57.1 dB, in fewer steps of the best solver 59.1 dB; the other methods are at 52.9 dB or less, in pairs with it at 55.1 dB',
  },
  fast: {
    kind: 'measured',
    where: 'the-digits-transformer',
    text: 'on the digits transformer, 17 full calls: 51.6 dB, in fewer steps of the best solver 54.6 dB; the other methods are at 46.0 dB or less, in pairs with it at 48.7 dB',
  },
};

const FLOW: Measured = {
  balanced: {
    kind: 'measured',
    where: 'a-transformer-trained-by-flow-matching',
    text: 'on the digits transformer of flow matching, 14 of 28 steps full: 50.0 dB, in fewer steps of the best solver 44.6 dB',
  },
  fast: {
    kind: 'measured',
    where: 'a-transformer-trained-by-flow-matching',
    text: 'on the digits transformer of flow matching, 10 of 28 steps full: 42.4 dB, in fewer steps of the best solver 38.1 dB',
  },
};

const BY_FAMILY: Readonly<Record<string, Measured>> = {
  ddpm: UNET,
  ldm: UNET,
  sd: UNET,
  sdxl: UNET,
  'video-unet': UNET,
  dit: TRANSFORMER,
  pixart: TRANSFORMER,
  mmdit: FLOW,
  flux: FLOW,
  sana: FLOW,
  'video-transformer': FLOW,
};

/** Any model's output can be forecast, and how well was measured on three. */
const OTHERS: Measured = TRANSFORMER;

export const measuredOn = (family: string): Measured => BY_FAMILY[family] ?? OTHERS;
