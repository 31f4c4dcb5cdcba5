/** What page and worker say to one another. */
import type { BundleReport, EmitForm, Inspection } from 'stepfold';
import type { Schedule } from 'stepfold/runtime';

/** Whether a pass has a place in the model. */
export interface PassFit {
  readonly pass: string;
  /** Why not, in a line. */
  readonly refusal?: string;
}

export type CompileRequest =
  | {
      readonly type: 'open';
      readonly base: string;
      readonly model: File;
      readonly others: readonly File[];
    }
  | {
      readonly type: 'compile';
      readonly calls: number;
      /** As on the command line: `deepcache:branch=2,interval=3`. */
      readonly passes: readonly string[];
      readonly weights: 'copy' | 'prune';
      /** Left out: whichever fits. */
      readonly emit?: EmitForm;
      /** Bytes that the page may keep. */
      readonly room: number;
      /** Where to write; without it the zip is made in memory or wherever the browser keeps Blobs. */
      readonly handle?: FileSystemFileHandle;
    };

export type CompileReply =
  | { readonly type: 'status'; readonly text: string }
  | {
      readonly type: 'inspected';
      readonly inspection: Inspection;
      readonly fits: readonly PassFit[];
    }
  | {
      readonly type: 'compiled';
      readonly schedule: Schedule;
      readonly report: BundleReport;
      readonly files: readonly { readonly name: string; readonly size: number }[];
      /** Left out where it was written to a file. */
      readonly zip?: Blob;
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
