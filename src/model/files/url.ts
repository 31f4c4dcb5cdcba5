/** Files at web addresses, read by HTTP range requests (RFC 9110, section 14). */
import { fetchFailed, rangesRefused } from '../../errors/index.js';
import type { FileAccess } from '../ir/tensor.js';

/**
 * Asks for a file's size; its bytes are fetched in ranges as they are needed.
 * @param init goes with every request: credentials, headers, a signal
 * @throws FETCH_FAILED; FETCH_RANGES where the server sends whole files only
 */
export async function urlFile(url: string | URL, init: RequestInit = {}): Promise<FileAccess> {
  const { href, pathname } = new URL(url, globalThis.location?.href);
  const first = await request(href, init, 0, 1);
  await first.body?.cancel();
  // an empty file has no first byte: its size stands in the refusal
  const size = Number(/^bytes (?:0-0|\*)\/(\d+)$/.exec(rangeSent(first))?.[1]);
  // servers of other origins have to allow a page to see the header
  if (!Number.isSafeInteger(size)) throw rangesRefused(href);
  const version = versionOf(first);
  return {
    name: fileName(pathname),
    size,
    async read(offset, length) {
      if (length === 0) return new Uint8Array(0);
      if (offset + length > size) throw fetchFailed(href, `it ends at byte ${size}`);
      const response = await request(href, init, offset, length);
      const asked = `bytes ${offset}-${offset + length - 1}/${size}`;
      const sent = rangeSent(response);
      if (versionOf(response) !== version || !sent.endsWith(`/${size}`))
        throw fetchFailed(href, 'it changed while it was read');
      if (sent !== asked) throw fetchFailed(href, `"${sent}" came where "${asked}" was asked for`);
      const bytes = new Uint8Array(await response.arrayBuffer().catch(failed(href)));
      if (bytes.length !== length)
        throw fetchFailed(href, `${bytes.length} bytes came where ${length} were asked for`);
      return bytes;
    },
  };
}

/** As people read it, where it can be read. */
function fileName(pathname: string): string {
  let text = pathname;
  try {
    text = decodeURIComponent(pathname);
  } catch {
    // a bare percent sign says itself
  }
  return text.slice(text.lastIndexOf('/') + 1);
}

const versionOf = ({ headers }: Response) => headers.get('etag') ?? headers.get('last-modified');

const rangeSent = ({ headers }: Response): string => headers.get('content-range')?.trim() ?? '';

/** What the network does goes by the code of a fetch that failed. */
const failed =
  (url: string) =>
  (error: Error): never => {
    throw fetchFailed(url, error.message);
  };

async function request(
  url: string,
  init: RequestInit,
  offset: number,
  length: number,
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('range', `bytes=${offset}-${offset + length - 1}`);
  const response = await fetch(url, { ...init, headers }).catch(failed(url));
  if (response.status === 206 || response.status === 416) return response;
  await response.body?.cancel();
  if (response.ok) throw rangesRefused(url);
  throw fetchFailed(url, `${response.status} ${response.statusText}`.trim());
}
