/**
 * The package's JavaScript: entry points, command and worker, with what they share in chunks, so that whatever is imported
 * by two of them is there once, and what is imported when it is needed still is. Names stay, for stack traces; comments and
 * indentation go, and dependencies stay outside.
 */
import fs from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

/**
 * @param {Record<string, string>} entries files by the names of what is made of them
 * @param {string} folder where that goes, all in one place: the worker is looked for beside whoever starts it
 */
export async function bundle(entries, folder) {
  const build = await rolldown({
    input: entries,
    platform: 'neutral',
    external: (specifier) => !/^[./]/.test(specifier),
    onLog(level, log) {
      throw new Error(`${level}: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      comments: false,
      keepNames: true,
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    });
    fs.mkdirSync(folder, { recursive: true });
    for (const { fileName, code } of output)
      fs.writeFileSync(path.join(folder, fileName), plainImports(code));
  } finally {
    await build.close();
  }
}

/** Who looks for imports without understanding the rest sees names in quotes, and none in backticks. */
const plainImports = (code) => code.replaceAll(/\bimport\(`([^`$\\]+)`\)/g, 'import("$1")');
