// Builds the site: installs what that takes, then makes the pages, in English wherever that is done. TypeDoc writes
// anchors in small letters by the rules of the system's language, and in Turkish an I is none that anybody links to.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

for (const script of ['install.mjs', 'build.mjs']) {
  const { status, error } = spawnSync(process.execPath, [path.join(import.meta.dirname, script)], {
    stdio: 'inherit',
    env: { ...process.env, LC_ALL: 'en_US.UTF-8' },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
