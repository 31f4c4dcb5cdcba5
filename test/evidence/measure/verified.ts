/** Tiny bundles with their plan and source as files, and what `verify` says of them. */
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../../src/compiler/emit/index.js';
import { type VerifyOptions, verifyBundle } from '../../../src/node.js';
import type { TinyBundle } from '../../runtime/session/tiny-bundles.js';
import { type Change, proofOf } from './proof.js';

export interface Given {
  readonly change?: Change;
  readonly source?: string;
  readonly report?: object;
  readonly options?: Partial<VerifyOptions>;
}

const PLANNED: Change = (schedule) => {
  schedule.sites = {
    deep: { strategies: ['compute', 'reuse', 'reuse', 'compute'], values: ['deep'] },
  };
};

/** As files, with the plan that they were made from unless another change takes it back. */
export async function written(tiny: TinyBundle, { change = () => {}, source, report }: Given) {
  const { context } = await proofOf(
    tiny,
    (schedule) => {
      PLANNED(schedule);
      change(schedule);
    },
    source,
  );
  const { folder, model } = context;
  const schedule = {
    ...context.schedule,
    source: { ...context.schedule.source, sha256: sha256(model) },
  };
  fs.writeFileSync(path.join(folder, 'schedule.json'), JSON.stringify(schedule));
  if (report) fs.writeFileSync(path.join(folder, 'report.json'), JSON.stringify(report));
  return { folder, model };
}

/** What `verify` says of a bundle as files. */
export async function verified(tiny: TinyBundle, given: Given = {}) {
  return verifyBundle({ ...(await written(tiny, given)), ...given.options });
}
