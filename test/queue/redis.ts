/**
 * A Redis of the tests' own, on loopback, which keeps nothing on disk. `npm test` alone needs none: without one the tests
 * are skipped and say so; STEPFOLD_REDIS=required makes that a failure.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const PLACES = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
];
const executable =
  process.env.STEPFOLD_REDIS_SERVER ?? PLACES.find((place) => fs.existsSync(place));

/** Why tests with a Redis cannot run here; undefined where they can. */
export function whyNoRedis(): string | undefined {
  if (executable) return undefined;
  const why = 'there is no Redis (apt-get install redis-server, or STEPFOLD_REDIS_SERVER=path)';
  if (process.env.STEPFOLD_REDIS === 'required') throw new Error(`test/queue: ${why}`);
  console.warn(`test/queue is skipped: ${why}`);
  return why;
}

export interface RunningRedis {
  readonly port: number;
  readonly url: string;
  /** What it holds, as `redis-cli` would say. */
  ask(...command: readonly string[]): Promise<string[]>;
  /** At once, as a machine fails; what it held is lost. */
  kill(): Promise<void>;
  /** At the same address, with nothing in it. */
  start(): Promise<void>;
}

export interface RedisSettings {
  readonly password?: string;
  /** Folder of `server.crt` and `server.key`: it speaks TLS and nothing else. */
  readonly tls?: string;
}

export async function startRedis({ password, tls }: RedisSettings = {}): Promise<RunningRedis> {
  const port = await freePort();
  let server: ChildProcess | undefined;
  const files = (folder: string) => [
    ...['--tls-port', String(port), '--port', '0', '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', path.join(folder, 'server.crt')],
    ...['--tls-key-file', path.join(folder, 'server.key')],
    ...['--tls-ca-cert-file', path.join(folder, 'server.crt')],
  ];
  const start = async () => {
    server = spawn(
      executable!,
      [
        ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        ...(tls === undefined ? ['--port', String(port)] : files(tls)),
        ...(password === undefined ? [] : ['--requirepass', password]),
      ],
      { stdio: 'ignore' },
    );
    while (!(await answers(port))) await pause(20);
  };
  await start();
  // where a test comes to no end
  process.once('exit', () => server?.kill('SIGKILL'));
  const scheme = tls === undefined ? 'redis' : 'rediss';
  const user = password === undefined ? '' : `:${password}@`;
  return {
    ...{ port, start, url: `${scheme}://${user}127.0.0.1:${port}` },
    ask: async (...command) => linesOf(port, command),
    kill: async () => {
      if (server!.signalCode !== null) return;
      const gone = new Promise((resolve) => server!.once('exit', resolve));
      server!.kill('SIGKILL');
      await gone;
    },
  };
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A certificate of a server at 127.0.0.1 that signed itself, as `server.crt` and `server.key`. */
export function writeCertificate(folder: string): string {
  const file = (name: string) => path.join(folder, name);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', file('server.key'), '-out', file('server.crt')],
    ],
    { stdio: 'ignore' },
  );
  return file('server.crt');
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.end());
  });

/** By the protocol itself: one command, and a list or one line for an answer. */
const linesOf = (port: number, command: readonly string[]): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.once('error', reject).once('close', () => resolve(valuesIn(text)));
    const parts = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.end(`*${command.length}\r\n${parts.join('')}*1\r\n$4\r\nQUIT\r\n`);
  });

const valuesIn = (text: string): string[] =>
  text.split('\r\n').filter((line) => line !== '' && !/^[*$]/.test(line) && line !== '+OK');
