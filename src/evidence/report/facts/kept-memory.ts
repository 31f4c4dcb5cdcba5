/** Whether what is kept from call to call takes more memory than the model itself. */
import type { Schedule } from '../../../runtime/schedule/index.js';
import { formatBytes, formatSizes } from '../format.js';

/** A sentence without a full stop, where states hold more bytes than the weights that are read. */
export function keptMemoryWarning({ states, weights, cost }: Schedule): string | undefined {
  const kept = cost?.stateBytes;
  const read = weights.reduce((sum, { used, bytes }) => sum + (used ?? bytes), 0);
  if (kept === undefined || kept <= read) return undefined;
  const follow = Object.values(states).some(({ follows }) => follows !== undefined);
  const what = `what is kept from call to call takes ${formatBytes(kept)}, more than the ${formatBytes(read)} of weights`;
  const at = ` (${formatSizes(cost?.macs?.bindings ?? {})})`;
  return `${what}${at}${follow ? '; a lower order keeps fewer values' : ''}`;
}
