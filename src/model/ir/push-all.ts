/**
 * Appends many items to a list. `list.push(...items)` puts all of them on the call stack first, which
 * overflows at about 100,000: a node may have more inputs than that.
 */
export function pushAll<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}
