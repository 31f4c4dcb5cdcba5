/** Files that are one on disk, under whatever names (Node only). */
import fs from 'node:fs';
import type { ByteSource } from '../ir/tensor.js';
import type { SameFile } from './contents.js';

/** Tells hard links and links apart from copies, as the weights of a bundle may be either. */
export function sameFileOnDisk(): SameFile {
  const known = new Map<string, string>();
  const identity = ({ path }: ByteSource) => {
    if (path === undefined) return undefined;
    const found = known.get(path) ?? identityOf(path);
    known.set(path, found);
    return found;
  };
  return (a, b) => {
    const [x, y] = [identity(a), identity(b)];
    return x !== undefined && x === y;
  };
}

function identityOf(path: string): string {
  const { dev, ino } = fs.statSync(path, { bigint: true });
  return `${dev} ${ino}`;
}
