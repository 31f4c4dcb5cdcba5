/** JSON pointers (RFC 6901): how a message names a place in a JSON file. */

/** `pointer('programs', 'a/b', 0)` is `/programs/a~1b/0`. */
export function pointer(...keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The value at a pointer, or undefined when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
