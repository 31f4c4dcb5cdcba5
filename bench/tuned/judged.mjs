// How far a setting's pictures lie from the converged ones and from those of the loop as it is, what it costs and takes.
import { imageDecibels, spreadOf } from '../../dist/src/evidence/tune/distance.js';
import { referenceLoop } from '../../dist/src/evidence/tune/reference.js';
import { timeLoops } from '../../dist/src/evidence/tune/times.js';
import { openTrial } from '../../dist/src/evidence/tune/trial.js';

/** Of images that no search sees: the numbers of their batches. */
const FROM = 2_000_000;

export function judgeOf(bundles, { own }, images) {
  const bare = (sampler) => ({ family: '', passes: [], sampler });
  const ends = new Map();
  const batches = async (setting, use) => {
    for (let batch = FROM, done = 0; done < images; batch++) {
      const run = await openTrial(bundles, setting, batch);
      const end = await run();
      use(end, batch);
      done += end.images;
    }
  };
  const reference = async (setting, known) =>
    batches(setting, (end, batch) => known.set(batch, end.latent));

  return {
    async prepare() {
      for (const [name, sampler] of [
        ['own', own],
        ['converged', referenceLoop(own)],
      ]) {
        ends.set(name, new Map());
        await reference(bare(sampler), ends.get(name));
      }
    },

    /** Decibels to both, and steps of the source by multiply-accumulates. */
    async distances(setting) {
      const found = { own: [], converged: [] };
      let cost = 0;
      await batches(setting, (end, batch) => {
        for (const [name, all] of Object.entries(found))
          all.push(...imageDecibels(end.latent, ends.get(name).get(batch), end.images));
        cost = end.work;
      });
      return { own: spreadOf(found.own), converged: spreadOf(found.converged), cost };
    },

    /** Seconds of each, in turn. */
    times: (settings) => timeLoops(bundles, settings),
  };
}
