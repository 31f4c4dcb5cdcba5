/** Workers run built JavaScript: what is older than its source would be tested in place of it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @throws where a file of the runtime has no build, or an old one */
export function requireBuilt(): void {
  for (const folder of ['runtime/session', 'runtime/node', 'runtime/schedule'])
    for (const file of readdirSync(join('src', folder))) {
      const built = join('dist/src', folder, file.replace(/\.ts$/, '.js'));
      if (
        !existsSync(built) ||
        statSync(built).mtimeMs < statSync(join('src', folder, file)).mtimeMs
      )
        throw new Error(
          `${built} is missing or older than its source: run \`npm run build\` first`,
        );
    }
}
