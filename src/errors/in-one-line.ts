/** The words of an engine or a parser as one sentence on one line, without onnxruntime's source files. */
export const inOneLine = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\/onnxruntime_src\/\S+ /g, '')
    .trim()
    .replace(/\.?$/, '.');
