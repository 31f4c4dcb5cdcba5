// The process in which inputs are tried. It may crash, hang or eat memory: the parent watches. Each input
// gets a folder of its own; what is beside it must stay as it was.
import fs from 'node:fs';
import path from 'node:path';
import { CLASSES } from './classes.mjs';
import { createChoices } from './random.mjs';

const [root] = process.argv.slice(2);
/** Stands beside every input, and must never come out of anything. */
const SECRET = 'never to be read or written by anybody 5d1f6a';

/** What of the text that people would see steers their terminals; a command that lets such out fails. */
const CONTROLS = /[^\P{Cc}\n]|[\p{Bidi_Control}\u2028\u2029]/u;
let escaped;
process.stdout.write = (text) => {
  if (CONTROLS.test(text)) escaped ??= JSON.stringify(CONTROLS.exec(text));
  return true;
};
process.on('unhandledRejection', (error) => {
  const failure = described(error);
  process.send({
    kind: 'failed',
    step: 'unhandled rejection',
    ...failure,
    signature: signature(failure),
  });
  process.disconnect();
  process.exitCode = 1;
});

const described = (error) => ({
  name: error?.name ?? typeof error,
  message: String(error?.message ?? error).slice(0, 300),
  stack: String(error?.stack ?? '').slice(0, 3000),
});

function layOut(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'in/sub'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'elsewhere'));
  fs.writeFileSync(path.join(folder, 'secret.bin'), SECRET.repeat(200));
  fs.writeFileSync(path.join(folder, 'elsewhere/secret.bin'), SECRET.repeat(200));
  fs.writeFileSync(path.join(folder, 'in/weights.bin'), new Uint8Array(8192).fill(63));
  fs.symlinkSync('../secret.bin', path.join(folder, 'in/link.bin'));
  fs.symlinkSync('../elsewhere', path.join(folder, 'in/folder-link'));
}

/** Everything in a folder but what a command may write, with size and time of change. */
const MAY_APPEAR =
  /^(out|filled|samples|out\.svg|report\.html|in\/(out\.svg|samples|report\.html))(\/|$)/;
function standing(folder) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => !MAY_APPEAR.test(name))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = fs.lstatSync(path.join(folder, name));
      return `${name} ${fs.lstatSync(path.join(folder, name)).isDirectory() ? '' : `${size} ${mtimeMs}`}`;
    })
    .join('\n');
}

/** Pages and drawings that were written. */
const picturesIn = (folder) =>
  fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => MAY_APPEAR.test(name) && /\.(html|svg)$/.test(name))
    .map((name) => path.join(folder, name));

/** Files that hold it, of what a command may write. */
function secretsIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => MAY_APPEAR.test(path.relative(folder, file)))
    .filter((file) => fs.readFileSync(file).includes(SECRET));
}

async function tryInput(kind, input, bytes, folder, words, silent) {
  const { prepare, drive, file } = CLASSES[kind];
  layOut(folder);
  const place = {
    file: path.join(folder, file),
    folder,
    origin: input.origin?.name,
    ...prepare?.(input, folder),
  };
  fs.writeFileSync(place.file, bytes);
  const before = standing(folder);
  let at = 'start';
  escaped = undefined;
  const report = {
    step(name) {
      at = name;
    },
    done: (step) => silent || process.send({ kind: 'step', step, code: 'done' }),
    refused: (step, error) => {
      if (!/^[A-Z][A-Z0-9_]+$/.test(error.code) || error.message === '')
        throw new Error(`a refusal without code or message: ${error.code} ${error.message}`);
      if (CONTROLS.test(error.fullMessage))
        throw new Error(`control characters in a message: ${JSON.stringify(error.fullMessage)}`);
      if (!silent) process.send({ kind: 'step', step, code: error.code });
    },
  };
  try {
    await drive(report, { ...place, choices: createChoices('drive', ...words) });
    const after = standing(folder);
    if (after !== before)
      throw new Error(`changed outside of the output: ${difference(before, after)}`);
    const secrets = secretsIn(folder);
    if (secrets.length > 0) throw new Error(`read outside of the folder: ${secrets[0]}`);
    if (escaped) throw new Error(`control characters printed: ${escaped}`);
    const picture = picturesIn(folder).find((name) => CONTROLS.test(fs.readFileSync(name, 'utf8')));
    if (picture) throw new Error(`control characters in ${path.basename(picture)}`);
    return undefined;
  } catch (error) {
    return { step: at, ...described(error) };
  }
}

const difference = (before, after) => {
  const had = new Set(before.split('\n'));
  return (
    after
      .split('\n')
      .filter((line) => !had.has(line))
      .join('; ') || 'something was removed'
  );
};

/** The error without what differs from input to input. */
const signature = ({ name, message, stack }) =>
  `${name}: ${message.replaceAll(/["'][^"']*["']|\d+/g, '…').slice(0, 100)} ${/\n\s+at (.*?) ?\(?.*?(dist\/\S+?):\d+\)?/.exec(stack)?.slice(1).join(' ') ?? ''}`;

/** Fewer mutations that fail in the same way. */
async function shrink(kind, input, failure, folder, words) {
  const { fewer, bytes: encode } = CLASSES[kind];
  let smallest = input;
  if (!fewer) return smallest;
  for (let again = true; again; ) {
    again = false;
    for (const candidate of fewer(smallest)) {
      const found = await tryInput(kind, candidate, encode(candidate), folder, words, true);
      if (!found || signature(found) !== signature(failure)) continue;
      smallest = candidate;
      again = true;
      break;
    }
  }
  return smallest;
}

process.on('message', async ({ kind, index, seed }) => {
  const words = [seed, kind, index];
  const { make, bytes: encode } = CLASSES[kind];
  const folder = path.join(root, `input-${process.pid}`);
  process.send({ kind: 'making' });
  const input = make(createChoices(...words), root);
  const bytes = encode(input);
  fs.writeFileSync(path.join(root, `bytes-${process.pid}`), bytes);
  process.send({ kind: 'trying', size: bytes.length });
  const failure = await tryInput(kind, input, bytes, folder, words, false);
  if (failure) {
    process.send({ kind: 'shrinking' });
    const smallest = await shrink(kind, input, failure, folder, words);
    if (smallest !== input)
      fs.writeFileSync(path.join(root, `bytes-${process.pid}`), encode(smallest));
    process.send({
      kind: 'failed',
      ...failure,
      signature: signature(failure),
      origin: input.origin?.name,
    });
  }
  fs.rmSync(folder, { recursive: true, force: true });
  process.send({ kind: 'next' });
});
process.send({ kind: 'next' });
