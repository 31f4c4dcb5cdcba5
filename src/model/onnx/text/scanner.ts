/**
 * Reads the smallest parts of the text form: symbols, names, strings, numbers. Spaces and comments
 * (from `#` to the end of the line) may stand between any two. Costs one pass over the text.
 */
import { type TextPlace, textNesting, textRange, textSyntax } from '../../../errors/index.js';
import { isFloatWord } from './syntax.js';

/** Protobuf lets messages nest 100 deep, and a graph inside a graph takes three messages. */
const NESTING_LIMIT = 30;

export class Scanner {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly label: string,
  ) {}

  /** The next character that is not space, `""` at the end. */
  peek(): string {
    this.skipSpace();
    return this.text[this.at] ?? '';
  }

  atEnd(): boolean {
    return this.peek() === '';
  }

  /** Takes the symbol when it comes next. */
  accept(symbol: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(symbol, this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  /** The identifier that comes next, left in place; `""` when none does. */
  peekWord(): string {
    this.skipSpace();
    return this.match(/[A-Za-z_][A-Za-z0-9_]*/y);
  }

  /** Takes an identifier. */
  word(expected: string): string {
    const word = this.peekWord();
    if (word === '') throw this.unexpected(expected);
    this.at += word.length;
    return word;
  }

  /** Takes an identifier or a quoted string. */
  name(expected: string): string {
    return this.peek() === '"' ? this.string(expected) : this.word(expected);
  }

  /** Takes a quoted string. */
  string(expected: string): string {
    if (this.peek() !== '"') throw this.unexpected(expected);
    const start = this.at;
    const parts: string[] = [];
    for (let from = this.at + 1, to = from; ; ) {
      const character = this.text[to];
      if (character === undefined || (character === '\\' && to + 1 === this.text.length)) {
        this.at = start;
        throw this.unexpected(expected, 'a string without its closing quote');
      }
      if (character === '"') {
        parts.push(this.text.slice(from, to));
        this.at = to + 1;
        return parts.join('');
      }
      if (character === '\\') {
        parts.push(this.text.slice(from, to));
        from = to + 1;
        to += 2;
      } else to++;
    }
  }

  /** Does a number come next that is written as a float? */
  nextIsFloat(): boolean {
    this.skipSpace();
    return /^-?(?:[A-Za-z]|\d+[.eE])/.test(this.match(/-?[0-9A-Za-z]+\.?/y));
  }

  /** Takes a number and returns its text; a fraction, an exponent or a word such as `inf` makes it a float. */
  number(expected: string): { text: string; isFloat: boolean } {
    this.skipSpace();
    const text = this.match(
      /-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[A-Za-z]+)(?![A-Za-z0-9_.])/y,
    );
    const isWord = /[A-Za-z]$/.test(text);
    if (text === '' || (isWord && !isFloatWord(text.replace('-', ''))))
      throw this.unexpected(expected);
    this.at += text.length;
    return { text, isFloat: isWord || /[.eE]/.test(text) };
  }

  /** Takes an integer within a range. */
  integer(expected: string, type: string, least: bigint, most: bigint): bigint {
    this.skipSpace();
    const start = this.at;
    const { text, isFloat } = this.number(expected);
    const value = isFloat ? undefined : BigInt(text);
    if (value !== undefined && value >= least && value <= most) return value;
    this.at = start;
    throw value === undefined ? this.unexpected(expected) : textRange(this.place(), text, type);
  }

  int64(expected: string): bigint {
    return this.integer(expected, 'int64', -(2n ** 63n), 2n ** 63n - 1n);
  }

  /** `item (',' item)*` up to `close`, which is taken; there may be none. */
  list<T>(close: string, item: () => T): T[] {
    return this.accept(close) ? [] : this.oneOrMore(close, item);
  }

  /** `item (',' item)*` up to `close`, which is taken. */
  oneOrMore<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    do items.push(item());
    while (this.accept(','));
    if (!this.accept(close)) throw this.unexpected(`"," or "${close}"`);
    return items;
  }

  /** Runs `inner` one level deeper; refuses nesting that would exhaust the stack. */
  nested<T>(inner: () => T): T {
    if (++this.depth > NESTING_LIMIT) throw textNesting(this.place(), NESTING_LIMIT);
    const result = inner();
    this.depth--;
    return result;
  }

  /** Remembers where the next part begins, for an error that is found later. */
  mark(): () => TextPlace {
    this.skipSpace();
    const { at } = this;
    return () => this.placeAt(at);
  }

  /** Where the next part begins. Costs a pass over the text before it, so it is for errors only. */
  place(): TextPlace {
    this.skipSpace();
    return this.placeAt(this.at);
  }

  private placeAt(at: number): TextPlace {
    const before = this.text.slice(0, at);
    const lineStart = before.lastIndexOf('\n') + 1;
    const lineEnd = this.text.indexOf('\n', at);
    return {
      file: this.label,
      line: before.split('\n').length,
      column: at - lineStart + 1,
      source: this.text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd),
    };
  }

  unexpected(expected: string, found = this.describeNext()) {
    return textSyntax(this.place(), expected, found);
  }

  private describeNext(): string {
    const next = this.peek();
    if (next === '') return 'the end of the text';
    const token = this.match(/"[^"\n]{0,40}"?|-?[A-Za-z0-9_.]{1,40}|=>|[\s\S]/y);
    return token.startsWith('"') ? token : `"${token}"`;
  }

  private match(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    return sticky.exec(this.text)?.[0] ?? '';
  }

  private skipSpace(): void {
    for (;;) {
      this.at += this.match(/[ \t\n\v\f\r]*/y).length;
      if (this.text[this.at] !== '#') return;
      const end = this.text.indexOf('\n', this.at);
      this.at = end < 0 ? this.text.length : end;
    }
  }
}
