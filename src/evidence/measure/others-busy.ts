/** What other processes take of the machine while something is measured. */
import os from 'node:os';

/** Milliseconds that all cores together worked, and that they were there. */
function coresNow(): { readonly worked: number; readonly there: number } {
  const cores = os.cpus().map(({ times }) => {
    const { idle, ...rest } = times;
    const worked = Object.values(rest).reduce((sum, time) => sum + time, 0);
    return { worked, there: worked + idle };
  });
  return {
    worked: cores.reduce((sum, { worked }) => sum + worked, 0),
    there: cores.reduce((sum, { there }) => sum + there, 0),
  };
}

/**
 * Begins to watch.
 * @returns asked later: the share of all cores' time that went to others since, 0 to 1; undefined where the system does not say
 */
export function watchOthers(): () => number | undefined {
  const before = coresNow();
  const own = process.cpuUsage();
  return () => {
    const now = coresNow();
    const { user, system } = process.cpuUsage(own);
    const there = now.there - before.there;
    if (!(there > 0)) return undefined;
    const others = now.worked - before.worked - (user + system) / 1000;
    return Math.min(1, Math.max(0, others / there));
  };
}
