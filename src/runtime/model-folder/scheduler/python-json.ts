/**
 * JSON as Python writes it: with NaN, Infinity and -Infinity, which are no JSON. diffusers writes the last
 * for `lambda_min_clipped`.
 */

/** @throws SyntaxError */
export function parsePythonJson(text: string): unknown {
  const quoted = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
  // no name of a number can be in the text, as every string is matched whole
  const mark = '\u0000';
  const json = text.replaceAll(quoted, (found) =>
    found.startsWith('"') ? found : JSON.stringify(mark + found),
  );
  return JSON.parse(json, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? Number(value.slice(1)) : value,
  );
}
