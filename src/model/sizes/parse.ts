/**
 * Reads the text of a size: a `dim_param` such as `batch`, `batch*8`, `floor((height+1)/2)`, or the
 * spellings of other tools (`floor(height/2 - 1/2) + 1`, `s0//2`). A `dim_param` is any string, so
 * whatever does not read as an expression is one symbol of that name.
 */
import { maximum, minimum } from './bounds.js';
import { add, constant, type DimExpr, multiply, NoSize, negate, symbol } from './dim.js';
import { ceilDivide, divideExactly, floorDivide } from './divide.js';

/** A quotient on the way to a size: exporters write halves inside `floor`. */
interface Quotient {
  readonly over: DimExpr;
  readonly under: DimExpr;
}

/** The expression that a `dim_param` stands for; never fails. Symbols are at least 1. */
export function parseDim(text: string): DimExpr {
  if (text.length > LONGEST) return symbol(text);
  try {
    return new Reader(text).all();
  } catch (error) {
    if (error instanceof NotAnExpression || error instanceof NoSize) return symbol(text);
    throw error;
  }
}

/** Characters of an expression; what exporters write for a U-Net of six levels has two hundred. */
const LONGEST = 2000;

class NotAnExpression extends Error {}

const TOKEN = /\s*(?:(\d+)|([A-Za-z_][\w.:]*)|`((?:[^`]|``)*)`|(\/\/|[-+*/(),]))/y;

class Reader {
  private readonly tokens: { readonly kind: 'number' | 'name' | 'mark'; readonly text: string }[] =
    [];
  private at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    const end = text.trimEnd().length;
    while (TOKEN.lastIndex < end) {
      const match = TOKEN.exec(text);
      if (!match) throw new NotAnExpression();
      const [, digits, name, quoted, mark] = match;
      if (digits !== undefined) this.tokens.push({ kind: 'number', text: digits });
      else if (mark !== undefined) this.tokens.push({ kind: 'mark', text: mark });
      else this.tokens.push({ kind: 'name', text: name ?? quoted!.replaceAll('``', '`') });
    }
  }

  all(): DimExpr {
    const value = whole(this.sum());
    if (this.at < this.tokens.length) throw new NotAnExpression();
    return value;
  }

  private accept(mark: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) throw new NotAnExpression();
  }

  private sum(): Quotient {
    let value = this.term();
    for (;;) {
      if (this.accept('+')) value = addQuotients(value, this.term());
      else if (this.accept('-')) {
        const { over, under } = this.term();
        value = addQuotients(value, { over: negate(over), under });
      } else return value;
    }
  }

  private term(): Quotient {
    let value = this.factor();
    for (;;) {
      if (this.accept('*')) {
        const right = this.factor();
        value = {
          over: multiply(value.over, right.over),
          under: multiply(value.under, right.under),
        };
      } else if (this.accept('//')) {
        value = integer(floorQuotient(value, this.factor()));
      } else if (this.accept('/')) {
        const right = this.factor();
        value = {
          over: multiply(value.over, right.under),
          under: multiply(value.under, right.over),
        };
      } else return value;
    }
  }

  private factor(): Quotient {
    if (this.accept('-')) {
      const { over, under } = this.factor();
      return { over: negate(over), under };
    }
    if (this.accept('(')) {
      const inner = this.sum();
      this.expect(')');
      return inner;
    }
    const token = this.tokens[this.at++];
    if (token?.kind === 'number') return integer(constant(BigInt(token.text)));
    if (token?.kind !== 'name') throw new NotAnExpression();
    const called = this.tokens[this.at];
    if (called?.kind === 'mark' && called.text === '(') return integer(this.call(token.text));
    return integer(symbol(token.text));
  }

  private call(name: string): DimExpr {
    this.expect('(');
    const values = [this.sum()];
    while (this.accept(',')) values.push(this.sum());
    this.expect(')');
    const [first, second] = values as [Quotient, Quotient | undefined];
    switch (name.toLowerCase()) {
      case 'floor':
        if (!second && isDivisor(first.under)) return floorDivide(first.over, first.under);
        break;
      case 'ceil':
      case 'ceiling':
        if (!second && isDivisor(first.under)) return ceilDivide(first.over, first.under);
        break;
      case 'max':
        return maximum(...values.map(whole));
      case 'min':
        return minimum(...values.map(whole));
    }
    throw new NotAnExpression();
  }
}

function integer(over: DimExpr): Quotient {
  return { over, under: constant(1) };
}

function addQuotients(a: Quotient, b: Quotient): Quotient {
  return {
    over: add(multiply(a.over, b.under), multiply(b.over, a.under)),
    under: multiply(a.under, b.under),
  };
}

function floorQuotient(a: Quotient, b: Quotient): DimExpr {
  const under = multiply(a.under, b.over);
  if (!isDivisor(under)) throw new NotAnExpression();
  return floorDivide(multiply(a.over, b.under), under);
}

function isDivisor(value: DimExpr): boolean {
  return value.exactConstant !== 0n;
}

function whole({ over, under }: Quotient): DimExpr {
  const value = divideExactly(over, under);
  if (!value) throw new NotAnExpression();
  return value;
}
