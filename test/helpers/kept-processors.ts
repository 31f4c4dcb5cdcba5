/** A machine of eight processors, of which this process may use some; until mocks are restored. */
import os from 'node:os';
import { vi } from 'vitest';

export const PROCESSORS = 8;

export function keepTo(processors: number): void {
  vi.spyOn(os, 'cpus').mockReturnValue(
    Array.from({ length: PROCESSORS }, () => ({}) as os.CpuInfo),
  );
  vi.spyOn(os, 'availableParallelism').mockReturnValue(processors);
}
