/** Errors about ONNX's text form: where the text is wrong, what was expected there and what stands there. */
import { StepfoldError } from './base.js';

/** A place in a text; line and column count from 1, columns in UTF-16 units. */
export interface TextPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself. */
  readonly source: string;
}

const at = (place: TextPlace) => `"${place.file}", line ${place.line}, column ${place.column}`;

/** Keeps one endless line from flooding a terminal. */
const excerpt = (source: string) => {
  const line = source.trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
};

const textError = (code: string, place: TextPlace, what: string, hint: string, data: object) =>
  new StepfoldError(code, `${at(place)}: ${what}.`, {
    file: place.file,
    hint,
    data: { line: place.line, column: place.column, ...data },
  });

export const textSyntax = (place: TextPlace, expected: string, found: string) =>
  textError(
    'TEXT_SYNTAX',
    place,
    `expected ${expected}, found ${found}`,
    place.source.trim() === ''
      ? 'The syntax is that of docs/Syntax.md in the ONNX repository.'
      : `The line reads: ${excerpt(place.source)}`,
    { expected, found },
  );

export const textRange = (place: TextPlace, number: string, type: string) =>
  textError(
    'TEXT_RANGE',
    place,
    `${number} does not fit ${type}`,
    `Write a number that ${type} can hold.`,
    {
      number,
      type,
    },
  );

export const textElements = (place: TextPlace, type: string, needs: number, has: number) =>
  textError(
    'TEXT_ELEMENTS',
    place,
    `a tensor ${type} takes ${needs} numbers, found ${has}`,
    'Give as many elements as its dimensions say, or "..." to leave the data out.',
    { needs, has },
  );

export const textAttributeType = (
  place: TextPlace,
  name: string,
  declared: string,
  found: string,
) =>
  textError(
    'TEXT_ATTRIBUTE_TYPE',
    place,
    `attribute "${name}" is declared ${declared}, but its value is ${found}`,
    'Change the declared type or the value.',
    { declared, found },
  );

export const textListType = (place: TextPlace, expected: string, found: string) =>
  textError(
    'TEXT_LIST_TYPE',
    place,
    `expected another ${expected} in the list, found ${found}`,
    'All elements of a list have one type; write 1.0 where a whole number is a float.',
    { expected, found },
  );

export const textNesting = (place: TextPlace, limit: number) =>
  textError(
    'TEXT_NESTING',
    place,
    `more than ${limit} types or graphs are nested in each other`,
    'Flatten the model; no runtime accepts one nested so deep.',
    { limit },
  );
