/** Of each pass a first choice that works, for the model at hand. */
import type { Inspection } from 'stepfold';

export function suggestion(
  pass: string,
  { branches, blocks }: Inspection,
): Readonly<Record<string, string>> {
  if (pass === 'deepcache')
    return {
      branch: String(branches[Math.min(2, branches.length - 1)]?.branch ?? 1),
      interval: '3',
    };
  if (pass === 'delta-cache')
    return { interval: '2', blocks: String(Math.max(1, Math.floor(longestStage(blocks) / 2))) };
  if (pass === 'depth-skip') return { branch: String(branches.at(-1)?.branch ?? 1) };
  if (pass === 'ditfastattn') return { strategy: 'reuse', interval: '2' };
  if (pass === 'forecast') return { interval: '3' };
  if (pass === 'module-cache' || pass === 'guidance-delta') return { interval: '2' };
  return {};
}

/** Blocks that stand in a row. */
function longestStage(blocks: Inspection['blocks']): number {
  const counts = new Map<unknown, number>();
  for (const { stage } of blocks) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** As the command line has it: `deepcache:branch=3,interval=3`. */
export function passText(pass: string, options: Readonly<Record<string, string>>): string {
  const given = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return given.length > 0 ? `${pass}:${given.join(',')}` : pass;
}
