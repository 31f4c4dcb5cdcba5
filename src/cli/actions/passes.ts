import { passes } from '../../../passes/index.js';
import { unknownPass } from '../../errors/index.js';
import type { PassesArguments } from '../commands/passes.js';
import { heading, print, printJson, printTable } from '../output.js';

export async function listPasses(args: PassesArguments): Promise<void> {
  const list = args.name === undefined ? Object.values(passes) : [passes[args.name]];
  const chosen = list.map((pass) => {
    if (!pass) throw unknownPass(args.name ?? '', Object.keys(passes));
    return pass;
  });
  if (args.json) {
    printJson(
      chosen.map(({ name, description, example, options }) => ({
        name,
        description,
        example,
        options,
      })),
    );
    return;
  }
  for (const pass of chosen) {
    print(`${pass.name}: ${pass.description}`);
    if (args.name === undefined) continue;
    heading('Options');
    printTable(
      ['option', 'values', 'meaning'],
      Object.entries(pass.options.properties).map(([name, option]) => [
        pass.options.required?.includes(name) ? `${name} (required)` : name,
        values(option),
        option.description,
      ]),
    );
    heading('Example');
    print(`--pass ${pass.example}`);
  }
}

function values(option: Readonly<Record<string, unknown>>): string {
  const list = option.enum as readonly string[] | undefined;
  const kind = list ? list.join(' | ') : String(option.type);
  return option.default === undefined ? kind : `${kind} [${String(option.default)}]`;
}
