// Packages that carry a denoiser as ONNX, with the loops that it is run in. Nothing of them is kept here.

/**
 * @typedef {object} Loop
 * @property {string} what
 * @property {readonly string[]} args of `stepfold tune`
 */

/**
 * @typedef {object} Package
 * @property {string} name for pip
 * @property {string} version
 * @property {string} sha256 of the wheel
 * @property {string} model within it
 * @property {Readonly<Record<string, readonly number[]>>} feeds a number for each image, in turn
 * @property {readonly Loop[]} loops
 */

// D(x; sigma) from 80 down to 0.002, as the package's generator calls it; data from -1 to 1
const EDM = [
  ...['--path', 'variance-exploding', '--timestep-scale', 'sigma', '--prediction', 'sample'],
  ...['--sampler', 'euler', '--levels', 'karras'],
];

/** @type {readonly Package[]} */
export const PACKAGES = [
  {
    name: 'adaptive-terrain-diffusion',
    // 0.4.2 has another training of the same network, for one step alone
    version: '0.4.1',
    sha256: 'ae45819f1be906e6783999caf8f4d648f81007a86914f6a5d216d4fc6cb83328',
    model: 'terrain_diffusion/weights/terrain_consistency_unet_difficulty100.onnx',
    // difficulties 1, 34, 67 and 100 of 100, as the generator scales them
    feeds: { difficulty: [0, 33 / 99, 66 / 99, 1] },
    // few steps, as it was trained for; many are 31 of 32 levels
    loops: [
      {
        what: '4 steps of Euler',
        args: [...EDM, '--steps', '4', '--train-timesteps', '32'],
      },
    ],
  },
];
