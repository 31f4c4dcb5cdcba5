/** The commands that pages show, as a shell would split them, each with the output that is shown below it. */
import fs from 'node:fs';

export interface ShownCommand {
  /** Where it stands: `docs/guide.md:59`. */
  readonly place: string;
  readonly words: readonly string[];
  /** Lines below it in a block of a console; undefined where the page shows no output. */
  readonly output: readonly string[] | undefined;
}

const FENCE = /^```(\w*)\s*$/;

/** Commands of one program, also where `npx` starts it. */
export function commandsOf(page: string, program: string): ShownCommand[] {
  const lines = fs.readFileSync(page, 'utf8').split('\n');
  const found: ShownCommand[] = [];
  let language: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    const fence = FENCE.exec(lines[i]!);
    if (fence) {
      language = language === undefined ? fence[1]! : undefined;
      continue;
    }
    if (language !== 'sh' && language !== 'console') continue;
    const isConsole = language === 'console';
    if (isConsole && !lines[i]!.startsWith('$ ')) continue;
    const place = `${page}:${i + 1}`;
    let text = isConsole ? lines[i]!.slice(2) : lines[i]!;
    while (text.endsWith('\\')) text = `${text.slice(0, -1)}${lines[++i]!.replace(/^> /, '')}`;
    const words = shellWords(text);
    if (words[0] === 'npx') words.shift();
    const output: string[] = [];
    while (isConsole && i + 1 < lines.length && !/^(\$ |```)/.test(lines[i + 1]!))
      output.push(lines[++i]!);
    while (output.at(-1) === '') output.pop();
    if (words[0] === program)
      found.push({
        place,
        words: words.slice(1).filter((word) => word !== '&'),
        output: output.length > 0 ? output : undefined,
      });
  }
  return found;
}

/** Words of a command line: quotes, and a comment at the end; nothing else of a shell is used in pages. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(?:(#.*)|((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+))/gy;
  for (const [, comment, word] of text.matchAll(pattern)) {
    if (comment !== undefined) break;
    words.push(word!.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, a, b, c) => a ?? b ?? c));
  }
  return words;
}
