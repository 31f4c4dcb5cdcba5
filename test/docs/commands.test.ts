/**
 * Every command of the README and the pages is given to the command line. What can be had in a moment is done, in a folder
 * with the files that pages speak of, page by page, and must succeed; what takes long, or names files that are not there, must
 * be understood, and fail for want of its file alone. Where a page shows output, it is that of the command.
 */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/io/npy.js';
import { ROOT, requireBuild, scratchFolder, stepfold } from '../cli/stepfold.js';
import { makePipeline } from '../helpers/pipelines.js';
import { commandsOf, type ShownCommand } from './commands-of.js';

const folder = scratchFolder('docs');
const PAGES = [
  'README.md',
  'samples/README.md',
  'samples/server/README.md',
  'readers/c/README.md',
  ...fs
    .readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** These run models by the hundred. */
const SEARCHES: ReadonlySet<string> = new Set(['tune', 'calibrate', 'timesteps', 'costs', 'work']);
const MEASURES: ReadonlySet<string> = new Set(['report', 'bench']);

const isLong = ([command = '', ...rest]: readonly string[]): boolean =>
  SEARCHES.has(command) ||
  (MEASURES.has(command) && rest.includes('--against')) ||
  rest.includes('--yardstick');

const FILE = /\.(onnx|npy|png|json|mjs|js|npz)$/;

/** What a command reads and the folder lacks. */
function missing(words: readonly string[], cwd: string): string[] {
  const [, ...rest] = words;
  const outputs = new Set(
    rest.filter((_, i) => /^(-o|--output|--svg|--dump)$/.test(rest[i - 1] ?? '')),
  );
  const given = rest
    .flatMap((word, i) => (i === 0 && !word.startsWith('-') ? [word] : word.split('=').slice(-1)))
    .filter((word, i) => (i === 0 || FILE.test(word)) && !outputs.has(word));
  return given.filter((word) => !fs.existsSync(path.join(cwd, word)));
}

const labels = (file: string, ...values: number[]) =>
  fs.writeFileSync(
    file,
    writeNpy({ type: 'int64', data: BigInt64Array.from(values, BigInt), dims: [values.length] }),
  );

function furnish(cwd: string): void {
  fs.mkdirSync(cwd, { recursive: true });
  const at = (name: string) => path.join(cwd, name);
  fs.symlinkSync(path.join(ROOT, 'samples'), at('samples'));
  fs.copyFileSync(path.join(ROOT, 'samples/fashion/unet/model.onnx'), at('unet.onnx'));
  fs.copyFileSync(path.join(ROOT, 'samples/dit-digits/dit-digits.onnx'), at('dit.onnx'));
  labels(at('labels.npy'), 0, 1, 2);
  labels(at('null.npy'), 10, 10, 10);
  makePipeline(at('sd15'));
}

let run = 0;
let understood = 0;

async function check({ place, words, output }: ShownCommand, cwd: string): Promise<void> {
  const lacks = missing(words, cwd);
  if (output === undefined && (isLong(words) || lacks.length > 0)) {
    const { stderr } = await stepfold(words, { cwd: path.join(folder, 'empty') });
    expect(stderr, place).toMatch(/^error (FILE_NOT_FOUND|NOT_A_BUNDLE|QUEUE_DOWN)/);
    understood++;
    return;
  }
  const to = words[words.indexOf('-o') + 1];
  if (words.includes('-o') && !words.includes('--force'))
    fs.rmSync(path.join(cwd, to!), { recursive: true, force: true });
  const outcome = await stepfold(words, { cwd });
  const { status, stderr } = outcome;
  // where these find something, their answer is 1
  const isAnswer =
    status === 0 || (status === 1 && (words[0] === 'diff' || words.includes('--target')));
  expect({ isAnswer, stderr }, `${place}: ${words.join(' ')}`).toEqual({
    isAnswer: true,
    stderr: '',
  });
  if (output !== undefined)
    expect(withoutNext(outcome.stdout, output), place).toMatch(patternOf(output));
  run++;
}

/** What comes next is part of every answer; a page that goes on by itself need not show it. */
const withoutNext = (text: string, shown: readonly string[]): string =>
  shown.some((line) => line.startsWith('Next: ')) ? text : text.replace(/\n*Next: .*\n$/, '\n');

/** Shown lines, where `…` alone stands for any number of lines and times are whatever they are. */
function patternOf(lines: readonly string[]): RegExp {
  const escaped = lines.map((line) =>
    line === '…'
      ? '(?:.*\n)*?'
      : `${line
          .trimEnd()
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replace(/\d+\\\.\d+ s\b/g, '\\d+\\.\\d+ s')
          .replace(/…/g, '.*')}[ ]*\n`,
  );
  return new RegExp(`^${escaped.join('')}\\s*$`);
}

const shown = ({ actual }: Error & { readonly actual?: unknown }) =>
  `\n${JSON.stringify(actual)?.slice(0, 1500)}`;

beforeAll(() => {
  requireBuild();
  fs.mkdirSync(path.join(folder, 'empty'));
});

describe('commands of', () => {
  const pages = PAGES.map((page) => [page, commandsOf(page, 'stepfold')] as const);
  test.each(pages.filter(([, commands]) => commands.length > 0))('%s', async (page, commands) => {
    const cwd = path.join(folder, page.replaceAll('/', '-'));
    furnish(cwd);
    const problems: string[] = [];
    for (const command of commands)
      await check(command, cwd).catch((error: Error) =>
        problems.push(`${error.message}${shown(error)}`),
      );
    expect(problems).toEqual([]);
  });

  test('are run, most of them', () => {
    console.log(run, understood);
    expect(run).toBeGreaterThan(60);
  });
});
