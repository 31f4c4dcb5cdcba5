/** Recipes for U-Nets: DeepCache as its authors ran it, as its plug-in does, and with a forecast. */
import { tgateUnet } from './modules.js';
import type { Recipe, Source } from './recipe.js';

interface Published {
  readonly branch: number;
  readonly interval: number;
  readonly text: string;
}

const ddpm: Published = {
  branch: 3,
  interval: 3,
  text: 'DeepCache (arXiv 2312.00858), section 4.2 and table 2: 100 DDIM steps of LSUN-Bedroom 1.43x, FID 6.70 to 7.20',
};
const ldm: Published = {
  branch: 1,
  interval: 5,
  text: 'DeepCache (arXiv 2312.00858), section 4.2 and table 1: 250 DDIM steps of LDM-4-G 4.12x, FID 3.37 to 3.59',
};
const sd: Published = {
  branch: 2,
  interval: 5,
  text: 'DeepCache (arXiv 2312.00858), section 4.2 and table 3: 50 PLMS steps of Stable Diffusion 1.5 2.15x, CLIP score 29.51 to 29.46',
};

const requestOf = (
  branch: number,
  interval: number,
  further: Readonly<Record<string, unknown>> = {},
): Recipe['passes'] => {
  const request = { pass: 'deepcache', options: { branch, interval, ...further } };
  return ({ unet }) => {
    const found = unet();
    return found.isUnet && found.joins.some((join) => join.branch === branch)
      ? [request]
      : { reason: `the model has no skip branch ${branch}` };
  };
};

const published = ({ branch, interval, text }: Published): Recipe => ({
  name: 'deepcache',
  settings: `all that is deeper than branch ${branch} at every ${interval === 3 ? '3rd' : `${interval}th`} step`,
  source: { kind: 'paper', text },
  passes: requestOf(branch, interval),
});

const plugin: Recipe = {
  name: 'deepcache-plugin',
  settings: 'all that is deeper than branch 1 at every 3rd step',
  source: {
    kind: 'shipped',
    text: "the DeepCache plug-in's README: cache_interval 3, cache_branch_id 0, which is branch 1 of the paper",
  },
  passes: requestOf(1, 3),
};

const FORECAST: Source = {
  kind: 'measured',
  where: 'forecasts-on-a-trained-u-net',
  text: 'on the digits U-Net, branch 3, 50 steps of DPM-Solver++(2M): 44.7 dB, 41.2 dB without a forecast; the output forecast alone is ahead of it',
};

const withForecast = (branch: number): Recipe => ({
  name: 'deepcache-forecast',
  settings: `all that is deeper than branch ${branch} at every 3rd step, forecast between`,
  source: FORECAST,
  passes: requestOf(branch, 3, { order: 1 }),
});

export const unetRecipes: Readonly<Record<string, readonly Recipe[]>> = {
  ddpm: [published(ddpm), withForecast(ddpm.branch)],
  ldm: [published(ldm), withForecast(ldm.branch)],
  sd: [published(sd), plugin, withForecast(sd.branch), tgateUnet],
  sdxl: [plugin, withForecast(1), tgateUnet],
  'video-unet': [plugin, withForecast(1)],
};
