/** The parts of `docs/architecture.md` that are made from the code: the picture, and what each folder is. */
import fs from 'node:fs';
import path from 'node:path';
import { WINGS, type Wing } from './wings.js';

/** What stands at the top of a folder's index, or in its README; of a pass, its description. */
export function firstSentence(folder: string): string {
  const index = path.join(folder, 'index.ts');
  const source = fs.existsSync(index) ? fs.readFileSync(index, 'utf8') : undefined;
  const text =
    source === undefined
      ? fs.readFileSync(path.join(folder, 'README.md'), 'utf8')
      : (/^ {2}description:\s*'(.*)',$/m.exec(source) ?? /^\/\*\*([\s\S]*?)\*\//.exec(source))?.[1];
  const words = (text ?? '').replaceAll(/\n \*/g, '\n').replaceAll(/\s+/g, ' ').trim();
  const [sentence] = /^.*?\.(?= [A-Z]|$)/.exec(words) ?? [words];
  if (!sentence) throw new Error(`"${folder}" does not say what it is`);
  return sentence.replace(/\.$/, '');
}

/** Neither what is made by the build, nor a folder of folders that are shown. */
const isShown = (folder: string): boolean => folder !== 'src/generated' && folder !== 'passes';

const box = ({ name, folders }: Wing): string =>
  [
    `  subgraph ${name}`,
    ...folders.filter(isShown).map((folder) => `    ${id(folder)}["${folder}"]`),
    '  end',
  ].join('\n');

const id = (folder: string): string => folder.replaceAll(/[^a-z]/g, '_');

/**
 * Arrows that others imply are left out.
 * @param between the wings that a wing imports from, by name
 */
export function picture(between: ReadonlyMap<string, ReadonlySet<string>>): string {
  const behind = (name: string): Set<string> =>
    new Set([...between.get(name)!].flatMap((next) => [next, ...behind(next)]));
  const arrows = WINGS.flatMap(({ name }) => {
    const direct = [...between.get(name)!];
    return direct
      .filter((other) => !direct.some((next) => behind(next).has(other)))
      .map((other) => `  ${name} --> ${other}`);
  });
  return ['```mermaid', 'flowchart BT', ...WINGS.map(box), ...arrows, '```'].join('\n');
}

export const table = (): string =>
  [
    '| wing | folder | what it is |',
    '|---|---|---|',
    ...WINGS.flatMap(({ name, folders }) =>
      folders
        .filter(isShown)
        .map(
          (folder, i) => `| ${i === 0 ? name : ''} | \`${folder}\` | ${firstSentence(folder)} |`,
        ),
    ),
  ].join('\n');
