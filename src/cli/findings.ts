/** What an engine with limits would not take, as lines. */
import type { Finding } from '../compiler/targets/index.js';
import { colors } from './colors.js';
import { print } from './output.js';

/** Each with what to do about it. */
export function printFindings(findings: readonly Finding[]): void {
  for (const { severity, code, message, hint } of findings) {
    const word = severity === 'error' ? colors.red(severity) : colors.yellow(severity);
    print(`${word} ${code}: ${message} ${hint}`);
  }
}

/** Those of several models, each once. */
export function differentFindings(models: Iterable<readonly Finding[]>): Finding[] {
  return [...new Map([...models].flat().map((one) => [one.message, one])).values()];
}
