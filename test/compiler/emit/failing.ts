import fs from 'node:fs';
import { vi } from 'vitest';

/** Lets a function of `fs` fail with a code where it is given such arguments. */
export function failing<T>(
  name: 'renameSync' | 'linkSync' | 'copyFileSync' | 'rmSync' | 'rmdirSync' | 'readdirSync',
  code: string,
  when: (from: string, to: string, last: unknown) => boolean,
  act: () => T,
): T {
  const real = fs[name] as (...args: unknown[]) => unknown;
  const spy = vi.spyOn(fs, name as 'renameSync').mockImplementation(((...args: unknown[]) => {
    if (when(String(args[0]), String(args[1]), args[2]))
      throw Object.assign(new Error(`${code}: on purpose`), { code, syscall: name });
    return real(...args);
  }) as never);
  try {
    return act();
  } finally {
    spy.mockRestore();
  }
}
