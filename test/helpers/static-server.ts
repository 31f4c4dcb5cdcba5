/** Serves a folder as any host of static files does, under a path of its own. */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * @param under the path below which the folder lies, with a slash at both ends; outside of it is nothing
 * @param headers of every answer
 */
export async function serveFolder(
  folder: string,
  under: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const asked = path.join(folder, decodeURIComponent(pathname.slice(under.length)));
    const file = pathname.endsWith('/') ? path.join(asked, 'index.html') : asked;
    const found = pathname.startsWith(under)
      ? fs.statSync(file, { throwIfNoEntry: false })
      : undefined;
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { ...headers, 'content-type': type, 'content-length': found.size });
    fs.createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { origin: `http://127.0.0.1:${port}`, url: `http://127.0.0.1:${port}${under}`, close };
}
