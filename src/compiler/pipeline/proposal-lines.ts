/** What a pass proposes, in lines for whoever reads the stages of a compilation. */
import type { Proposal } from '../plan/index.js';

/** A site and its values a line, then how many calls each of its strategies has. */
export function proposalLines({ sites, entries }: Proposal): string[] {
  return sites.flatMap(({ id, description, outputs }) => {
    const calls = new Map<string, number>();
    for (const name of entries[id] ?? []) calls.set(name, (calls.get(name) ?? 0) + 1);
    const counts = [...calls].map(([name, count]) => `${name} ${count}`);
    return [
      `site ${id}: ${description}`,
      `  values: ${outputs.map(({ name }) => name).join(', ')}`,
      `  calls: ${counts.join(', ') || 'all computed'}`,
    ];
  });
}
