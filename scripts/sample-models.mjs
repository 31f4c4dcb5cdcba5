// What scripts do with the models of samples/ before they try passes on them. Uses what is built in dist.
import { ditfastattn } from '../dist/passes/index.js';
import { Pipeline } from '../dist/src/index.js';
import { fillWeights } from '../dist/src/node.js';

/** A model with random weights in a folder, or itself where it has its own. */
export function filled(file, folder) {
  try {
    return fillWeights({ model: file, folder }).model;
  } catch (error) {
    if (error.code !== 'FILL_NOTHING') throw error;
    return file;
  }
}

/**
 * A plan of DiTFastAttn in which every site goes through the strategies it has, each site beginning elsewhere.
 * @param leftOut strategies that no site takes
 */
export async function everyStrategy(model, { calls, guidance, window, leftOut = [] }) {
  const pipeline = Pipeline.create({ calls, guidance });
  const { plan } = await pipeline.use(ditfastattn, { window }).compile(model);
  const sites = plan.sites.map((site, s) => {
    const names = Object.keys(site.strategies).filter((name) => !leftOut.includes(name));
    const column = Array.from({ length: calls }, (_, call) =>
      call === 0 ? 'compute' : names[(s + call) % names.length],
    );
    return [site.id, column];
  });
  return { calls, sites: Object.fromEntries(sites) };
}
