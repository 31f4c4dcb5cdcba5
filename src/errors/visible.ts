/**
 * Names as people are shown them. A file may hold any name, and what a name holds must not steer a terminal,
 * turn the direction of a line, add lines of its own or make a picture that no program reads: control
 * characters are shown as what they are, `\x1b`. Programs get names as they stand: in `--json` and in the
 * details of errors nothing is replaced.
 */

/**
 * C0, DEL and C1; what marks, embeds or overrides a direction of writing (U+061C, U+200E, U+202E, …); and the
 * two separators that some viewers end a line at.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** On one line. */
export const visible = (text: string): string => text.replaceAll(CONTROLS, shown);

/** Of several lines, which stay. */
export const visibleLines = (text: string): string =>
  text.replaceAll(CONTROLS, (c) => (c === '\n' ? c : shown(c)));

/**
 * JSON whose text holds none of them either. `JSON.stringify` leaves those above U+001F as they are; they
 * occur within strings alone, so that what is read is the same.
 */
export const visibleJson = (text: string): string =>
  text.replaceAll(CONTROLS, (c) => (c === '\n' ? c : `\\u${hex(c, 4)}`));

function shown(character: string): string {
  return character <= '\xff' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

const hex = (character: string, digits: number): string =>
  character.charCodeAt(0).toString(16).padStart(digits, '0');
