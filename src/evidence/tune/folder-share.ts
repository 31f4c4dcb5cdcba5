/**
 * Sharing by a folder, which every process that works on the search can read and write:
 *
 *   jobs/<id>.json   a trial that is asked for
 *   claims/<id>      who is at it
 *   results/<id>.…   what came of it
 */
import fs from 'node:fs';
import { Claim } from './claims.js';
import type { TuningFolder } from './folder.js';
import { idOf, parseNamedJob, type TrialJob } from './job.js';
import { readJson } from './json.js';
import type { Taken, TrialShare } from './share.js';
import type { TrialResult } from './trial.js';

export class FolderShare implements TrialShare {
  constructor(readonly folder: TuningFolder) {}

  /** @throws WRITE_FAILED */
  async ask(jobs: readonly TrialJob[]): Promise<void> {
    for (const job of jobs) this.folder.ask(idOf(job), job);
  }

  async collect(ids: readonly string[]): Promise<ReadonlyMap<string, TrialResult>> {
    return new Map(
      ids.flatMap((id) => {
        const result = this.folder.result(id);
        return result ? [[id, result] as const] : [];
      }),
    );
  }

  async take(jobs: readonly TrialJob[]): Promise<Taken | undefined> {
    for (const job of jobs) {
      const id = idOf(job);
      const claim = Claim.take(this.folder.claims, id);
      if (!claim) continue;
      if (!this.folder.has(id)) return this.#taken(claim, id, job);
      claim.release();
    }
    return undefined;
  }

  async close(): Promise<void> {}

  /**
   * Trials of a search that are asked for and have no result yet, in the order in which they were asked for.
   * @throws TUNE_JOB where a file of the folder is no such trial
   */
  asked(search: string): TrialJob[] {
    const jobs: { readonly job: TrialJob; readonly at: number }[] = [];
    for (const { id, file } of this.folder.jobs()) {
      if (this.folder.has(id)) continue;
      const job = parseNamedJob(readJson(file), id, file);
      if (job.search === search) jobs.push({ job, at: fs.statSync(file).mtimeMs });
    }
    return jobs.sort((a, b) => a.at - b.at).map(({ job }) => job);
  }

  #taken(claim: Claim, id: string, job: TrialJob): Taken {
    return {
      job,
      done: async (result) => {
        this.folder.keep(id, result);
        claim.release();
      },
      giveBack: async () => claim.release(),
    };
  }
}
