/** With whom a search shares its trials. */
import {
  connectQueue,
  FolderShare,
  type QueueAt,
  QueueShare,
  type TrialShare,
  type TuningFolder,
  type WrittenSearch,
} from '../../../evidence/tune/index.js';

/**
 * Does something with a queue; the first thing to do, since it may not be there.
 * @throws QUEUE_URL, QUEUE_PACKAGE, QUEUE_DOWN, QUEUE_REFUSED
 */
export async function withQueue<T>(url: string, use: (at: QueueAt) => Promise<T>): Promise<T> {
  const at = await connectQueue(url);
  try {
    return await use(at);
  } finally {
    // whatever is open keeps a process from its end
    await at.queue.close();
  }
}

interface ShareParts {
  readonly folder: TuningFolder;
  readonly search: WrittenSearch;
  readonly onNotice: (text: string) => void;
}

export const openShare = async (at: QueueAt | undefined, parts: ShareParts): Promise<TrialShare> =>
  at ? QueueShare.open({ at, ...parts }) : new FolderShare(parts.folder);
