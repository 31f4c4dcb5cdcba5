/** The command's options. */
import { parseArgs } from 'node:util';
import { SettingsError, type StudioOptions } from './studio.js';

export interface ServerOptions extends StudioOptions {
  readonly host: string;
  readonly port: number;
  readonly images: number;
  readonly queue: number;
  readonly stateBytes: number;
  readonly resultBytes: number;
  readonly requestBytes: number;
  readonly keepMilliseconds: number;
  readonly graceMilliseconds: number;
  readonly connections: number;
}

export const HELP = `node samples/server/dist/main.js BUNDLE [options]

  --port 8080            0 for any that is free
  --host 127.0.0.1
  --unconditional NAME=N what the unconditional half reads; of each condition
  --guidance-scale S     where a request says none; default no guidance
  --classes NAME=N       values of an input are whole numbers from 0 to N - 1
  --max-steps 200        steps that a request may ask for
  --threads N            of the engine; default all cores
  --images 2             images at a time
  --queue 32             images that wait for their turn
  --state-mib 1024       states of the images under way, together
  --result-mib 64        images that nobody has fetched yet, and those under way
  --request-mib 2        a request
  --keep 60              seconds for which a result is kept
  --grace 30             seconds that images have to end and be fetched at SIGTERM
  --connections 256      at a time
`;

const MIB = 2 ** 20;

/** @throws SettingsError */
export function readOptions(args: readonly string[]): ServerOptions {
  const { values, positionals } = parse(args);
  const [bundle, ...more] = positionals;
  if (bundle === undefined || more.length > 0)
    throw new SettingsError(`Name one bundle.\n\n${HELP}`);
  const number = (name: keyof typeof values, least: number, isWhole = true): number => {
    const value = Number(values[name]);
    if (
      values[name] !== '' &&
      value >= least &&
      (isWhole ? Number.isSafeInteger(value) : value < 1e9)
    )
      return value;
    const kind = isWhole ? 'a whole number' : 'a number';
    throw new SettingsError(`--${name} takes ${kind} from ${least}, and not "${values[name]}".`);
  };
  const scale =
    values['guidance-scale'] === undefined ? undefined : number('guidance-scale', -1e9, false);
  return {
    bundle,
    host: values.host,
    port: number('port', 0),
    unconditional: Object.fromEntries(pairs('unconditional', values.unconditional)),
    classes: Object.fromEntries(
      pairs('classes', values.classes).map(([name, numbers]) => [name, numbers[0]!]),
    ),
    guidanceScale: scale,
    maxSteps: number('max-steps', 1),
    threads: values.threads === undefined ? undefined : number('threads', 1),
    images: number('images', 1),
    queue: number('queue', 0),
    stateBytes: number('state-mib', 0, false) * MIB,
    resultBytes: number('result-mib', 0, false) * MIB,
    requestBytes: number('request-mib', 0, false) * MIB,
    keepMilliseconds: number('keep', 0, false) * 1000,
    graceMilliseconds: number('grace', 0, false) * 1000,
    connections: number('connections', 1),
  };
}

function parse(args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: text('8080'),
        host: text('127.0.0.1'),
        unconditional: { type: 'string', multiple: true, default: [] },
        classes: { type: 'string', multiple: true, default: [] },
        'guidance-scale': { type: 'string' },
        'max-steps': text('200'),
        threads: { type: 'string' },
        images: text('2'),
        queue: text('32'),
        'state-mib': text('1024'),
        'result-mib': text('64'),
        'request-mib': text('2'),
        keep: text('60'),
        grace: text('30'),
        connections: text('256'),
      },
    });
  } catch (error) {
    throw new SettingsError(`${(error as Error).message}\n\n${HELP}`);
  }
}

/** @throws SettingsError */
function pairs(option: string, given: readonly string[]): [string, number[]][] {
  return given.map((text) => {
    const [, name, list] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    const numbers = list?.split(',').map(Number);
    if (name === undefined || !numbers?.every(Number.isFinite))
      throw new SettingsError(`--${option} takes NAME=NUMBER, and not "${text}".`);
    return [name, numbers];
  });
}
