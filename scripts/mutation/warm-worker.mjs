// A worker of Vitest that outlives a run. Stryker starts Vitest once per change, and a worker of its own per
// run would spend two seconds of each on importing the sources again, many times what most tests take. Changes
// are switched by a variable, so the sources may stay; what is under test/ is evaluated anew each time, for a
// helper may keep what it computed under an earlier change.
import { ForksPoolWorker } from 'vitest/node';

/** Each start leaves a few listeners in the process: it is replaced after so many. */
const STARTS = 40;

/** The process that is kept, and how often it was started. */
let kept;

async function discard() {
  const { process } = kept;
  kept = undefined;
  await process.stop();
}

/** `stale`: the files under test/. `fresh`: a process per change, where the sources keep what they computed. */
export const warmPool = ({ stale, fresh }) => ({
  name: 'warm',
  createPoolWorker: (options) => new WarmWorker(options, { stale, fresh }),
});

class WarmWorker {
  name = 'warm';
  cacheFs = true;
  #options;
  #how;
  #listeners = [];
  #isAlone;

  constructor(options, how) {
    this.#options = options;
    this.#how = how;
    // a change in what a module does when it is loaded needs modules that are loaded under it, and no others
    const { mode, mutantActivation } = options.project.getProvidedContext();
    this.#isAlone = how.fresh || mode !== 'mutant' || mutantActivation === 'static';
  }

  async start() {
    if (kept && this.#isAlone) await discard();
    if (!kept) {
      kept = { process: new ForksPoolWorker(this.#options), starts: 0 };
      await kept.process.start();
      kept.process.fork.setMaxListeners(0);
    }
    kept.starts++;
  }

  on(event, listener) {
    this.#listeners.push([event, listener]);
    kept.process.on(event, listener);
  }

  off(event, listener) {
    kept?.process.off(event, listener);
  }

  send(message) {
    if (message.type === 'stop' && message.__vitest_worker_request__) {
      const answer = { type: 'stopped', __vitest_worker_response__: true };
      for (const [event, listener] of this.#listeners) if (event === 'message') listener(answer);
      return;
    }
    if (message.type === 'run') message.context.invalidates = this.#how.stale;
    kept.process.send(message);
  }

  async stop() {
    for (const [event, listener] of this.#listeners) kept.process.off(event, listener);
    if (this.#isAlone || kept.starts >= STARTS) await discard();
  }

  deserialize(data) {
    return data;
  }
}
