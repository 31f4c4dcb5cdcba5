/** Numbers and sizes as people read them, on a terminal and in a page. */

/** Multiply-accumulates with a unit: 6.05 G. */
export function formatMacs(macs: number): string {
  if (macs === 0) return '0';
  if (macs >= 1e9) return `${(macs / 1e9).toFixed(2)} G`;
  if (macs >= 1e6) return `${(macs / 1e6).toFixed(2)} M`;
  return `${(macs / 1e3).toFixed(2)} k`;
}

/** Elements in millions. */
export const formatCount = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(2)} M` : `${(count / 1e3).toFixed(1)} k`;

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '?';
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
}

/** Long lists in settings of passes, as `full=0+1+2+…+49`: whoever reads them by program has them whole. */
export const shortLists = (text: string): string =>
  text.replaceAll(/[\d.]+(?:\+[\d.]+){7,}/g, (list) => {
    const items = list.split('+');
    return [...items.slice(0, 3), '…', items.at(-1)].join('+');
  });

export const formatShape = (shape: readonly (number | string | null)[] | undefined): string =>
  shape ? `[${shape.map((d) => d ?? '?').join(', ')}]` : '?';

/** A difference: 0 or a power of ten with two digits. */
export const formatDifference = (value: number): string =>
  value === 0 ? '0' : value.toExponential(1);

export const formatTimes = (value: number): string => `${value.toFixed(2)}x`;

/** The sizes that figures hold for: `batch=1, height=64`. */
export const formatSizes = (sizes: Readonly<Record<string, number>>): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name}=${size}`)
    .join(', ') || 'all sizes fixed';

/** Of a loop or a call. */
export const milliseconds = (ms: number): string =>
  ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;

/** Null and the infinite: nothing differs. */
export const formatDecibels = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? 'equal' : `${value.toFixed(1)} dB`;

export const plural = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

export const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
