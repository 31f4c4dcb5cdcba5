import type { PassOption } from '../../compiler/pass/index.js';
import { unknownPass } from '../../errors/index.js';
import type { PassesArguments } from '../commands/passes.js';
import { heading, print, printJson } from '../output.js';
import { readPasses } from '../plugins.js';

export async function listPasses(args: PassesArguments): Promise<void> {
  const { passes } = await readPasses(args.plugin);
  const list = args.name === undefined ? [...passes.values()] : [passes.get(args.name)];
  const chosen = list.map((pass) => {
    if (!pass) throw unknownPass(args.name ?? '', [...passes.keys()]);
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
    for (const [name, option] of Object.entries(pass.options.properties)) {
      print(
        `${name}: ${values(option)}${pass.options.required?.includes(name) ? ', required' : ''}`,
      );
      print(`    ${option.description}`);
    }
    heading('Example');
    print(`--pass ${pass.example}`);
  }
}

function values(option: PassOption): string {
  const kind =
    option.enum?.join(' | ') ?? (option.type === 'array' ? 'list joined by +' : `${option.type}`);
  return option.default === undefined ? kind : `${kind} [${String(option.default)}]`;
}
