/**
 * Random shape arithmetic: vectors of one or three integers that a graph computes from the sizes of an
 * image, from constants and from numbers that only the feeds know, with comparisons, casts, choices and
 * branches between them. A graph is made from a list of random numbers, so that fast-check shrinks it.
 *
 * What is left out is what no engine defines: divisors of zero, and results beyond 2^20, since sizes are
 * taken to be small enough for every type.
 */
import fc from 'fast-check';

/** The inputs: an image of named sizes, and integers of any sign that are not known beforehand. */
const INPUTS = 'float[batch, 3, height, width] x, int64[3] data';
const LARGEST = 2 ** 20;

/** Sizes from 1 on, odd and even, with H < W, H = W and H > W all likely. */
export const imageSizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 1, max: 7 }),
  width: fc.integer({ min: 1, max: 7 }),
});

type Type = 'int64' | 'int32' | 'float' | 'bool';

interface Vector {
  readonly name: string;
  readonly type: Type;
  readonly length: 1 | 3;
  /** What no element exceeds in magnitude. */
  readonly most: number;
}

const CODES: Readonly<Record<Type, number>> = { float: 1, int32: 6, int64: 7, bool: 9 };

/** Graphs in ONNX's text form, all of whose outputs are what the steps made. */
export function shapeArithmetic(): fc.Arbitrary<string> {
  const step = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });
  return fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }).map((steps) => {
    const builder = new Builder();
    for (const numbers of steps) builder.step(new Draw(numbers));
    return builder.text();
  });
}

class Draw {
  private at = 0;
  constructor(private readonly numbers: readonly number[]) {}

  below(count: number): number {
    return (this.numbers[this.at++ % this.numbers.length] as number) % count;
  }

  from<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

class Builder {
  readonly lines: string[] = [
    'shape = Shape (x)',
    ...['batch', 'height', 'width'].flatMap((name, i) => [
      `${name}_at = Constant <value_ints = [${[0, 2, 3][i]}]> ()`,
      `${name} = Gather (shape, ${name}_at)`,
    ]),
    'unknown = Gather (data, batch_at)',
  ];
  private readonly vectors: Vector[] = [
    { name: 'height', type: 'int64', length: 1, most: 7 },
    { name: 'width', type: 'int64', length: 1, most: 7 },
    { name: 'batch', type: 'int64', length: 1, most: 3 },
    { name: 'unknown', type: 'int64', length: 1, most: 9 },
  ];
  private readonly made: string[] = [];
  count = 0;

  text(): string {
    const outputs = this.made.length > 0 ? this.made : ['shape'];
    // a node behind each: what is an output itself is not always replaced
    const behind = outputs.map((name) => `${name}_out = Identity (${name})`);
    return `test (${INPUTS}) => (${outputs.map((name) => `${name}_out`).join(', ')}) {
${[...this.lines, ...behind].join('\n')}
}`;
  }

  step(draw: Draw): void {
    const name = `v${this.count++}`;
    const result = draw.from(STEPS).call(this, draw, name);
    if (!result) return;
    const [line, type, length, most] = result;
    if (most > LARGEST) return;
    this.lines.push(line);
    this.vectors.push({ name, type, length, most });
    this.made.push(name);
  }

  /** A vector made so far, the later the likelier. */
  pick(draw: Draw, type?: Type): Vector | undefined {
    const fitting = this.vectors.filter((v) => type === undefined || v.type === type);
    const back = Math.min(draw.below(fitting.length || 1), draw.below(fitting.length || 1));
    return fitting.at(-1 - back);
  }

  number(draw: Draw): Vector | undefined {
    const found = this.pick(draw);
    return found?.type === 'bool' ? this.pick(draw, 'int64') : found;
  }

  constant(type: Type, value: number): string {
    const name = `c${this.count++}`;
    this.lines.push(`${name} = Constant <value = ${type}[1] {${value}}> ()`);
    return name;
  }

  /** Another operand of the same type: a vector, or a constant of any sign. */
  other(draw: Draw, { type }: Vector): Vector {
    const found = draw.below(3) > 0 ? this.pick(draw, type) : undefined;
    if (found) return found;
    const value = type === 'bool' ? draw.below(2) : draw.below(19) - 9;
    return { name: this.constant(type, value), type, length: 1, most: Math.abs(value) };
  }

  /** An odd number made of a vector, which is never zero. */
  divisor(draw: Draw, like: Vector): Vector {
    const other = this.other(draw, like);
    const { type, length } = other;
    const [two, one] = [this.constant(type, 2), this.constant(type, 1)];
    const name = `d${this.count++}`;
    this.lines.push(`${name}_twice = Mul (${other.name}, ${two})`);
    this.lines.push(`${name} = Add (${name}_twice, ${one})`);
    return { name, type, length, most: 2 * other.most + 1 };
  }
}

type Result = readonly [line: string, type: Type, length: 1 | 3, most: number] | undefined;
type Step = (this: Builder, draw: Draw, name: string) => Result;

const longer = (...vectors: readonly Vector[]): 1 | 3 =>
  vectors.some((v) => v.length === 3) ? 3 : 1;

const arithmetic: Step = function (draw, name) {
  const a = this.number(draw);
  if (!a) return undefined;
  const b = this.other(draw, a);
  const operator = draw.from(['Add', 'Sub', 'Mul', 'Min', 'Max'] as const);
  const most = operator === 'Mul' ? a.most * b.most : a.most + b.most;
  const [x, y] = draw.below(2) ? [a, b] : [b, a];
  return [`${name} = ${operator} (${x.name}, ${y.name})`, a.type, longer(a, b), most];
};

const quotient: Step = function (draw, name) {
  const a = draw.below(4) ? this.pick(draw, 'int64') : this.number(draw);
  if (!a) return undefined;
  const b = this.divisor(draw, a);
  const operator =
    a.type === 'float'
      ? 'Div'
      : draw.from(['Div', 'Mod', 'Mod <fmod = 1>', 'Mod <fmod = 0>'] as const);
  const most = Math.max(a.most, b.most);
  return [`${name} = ${operator} (${a.name}, ${b.name})`, a.type, longer(a, b), most];
};

const comparison: Step = function (draw, name) {
  const a = this.number(draw);
  if (!a) return undefined;
  const b = this.other(draw, a);
  const operator = draw.from([
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'Less',
    'LessOrEqual',
  ] as const);
  return [`${name} = ${operator} (${a.name}, ${b.name})`, 'bool', longer(a, b), 1];
};

const logic: Step = function (draw, name) {
  const a = this.pick(draw, 'bool');
  if (!a) return undefined;
  const b = this.other(draw, a);
  const operator = draw.from(['And', 'Or', 'Xor', 'Not', 'Equal'] as const);
  if (operator === 'Not') return [`${name} = Not (${a.name})`, 'bool', a.length, 1];
  return [`${name} = ${operator} (${a.name}, ${b.name})`, 'bool', longer(a, b), 1];
};

const cast: Step = function (draw, name) {
  const a = this.pick(draw);
  const to = draw.from(['int64', 'int32', 'float', 'bool', 'int64'] as const);
  if (!a) return undefined;
  return [`${name} = Cast <to = ${CODES[to]}> (${a.name})`, to, a.length, a.most];
};

const choice: Step = function (draw, name) {
  const condition = this.pick(draw, 'bool');
  // the engine has no Where of booleans
  const a = this.number(draw);
  if (!condition || !a) return undefined;
  const b = this.other(draw, a);
  const most = Math.max(a.most, b.most);
  const inputs = `${condition.name}, ${a.name}, ${b.name}`;
  return [`${name} = Where (${inputs})`, a.type, longer(condition, a, b), most];
};

const unary: Step = function (draw, name) {
  const a = this.number(draw);
  if (!a) return undefined;
  const operator =
    a.type === 'float' ? draw.from(['Floor', 'Ceil', 'Neg'] as const) : draw.from(['Neg', 'Abs']);
  return [`${name} = ${operator} (${a.name})`, a.type, a.length, a.most + 1];
};

const halves: Step = function (draw, name) {
  const a = this.pick(draw, 'float');
  if (!a) return undefined;
  const factor = this.constant('float', draw.from([0.5, 1.5, -0.25, 0.3]));
  return [`${name} = Mul (${a.name}, ${factor})`, 'float', a.length, 2 * a.most];
};

const clip: Step = function (draw, name) {
  const a = this.pick(draw, draw.from(['int64', 'float']));
  if (!a) return undefined;
  const value = a.type === 'float' ? (draw.below(39) - 19) / 2 : draw.below(19) - 9;
  const low = `l${this.count++}`;
  this.lines.push(`${low} = Constant <value = ${a.type} {${value}}> ()`);
  const most = a.most + Math.abs(value);
  return [`${name} = Clip (${a.name}, ${low})`, a.type, a.length, most];
};

const power: Step = function (draw, name) {
  const a = this.pick(draw, 'int64');
  if (!a) return undefined;
  const exponent = draw.below(4);
  const by = this.constant('int64', exponent);
  return [`${name} = Pow (${a.name}, ${by})`, 'int64', a.length, Math.max(1, a.most) ** exponent];
};

const joined: Step = function (draw, name) {
  const a = this.pick(draw);
  if (!a) return undefined;
  const parts = [a, this.other(draw, a), this.other(draw, a)];
  if (parts.some((v) => v.length === 3)) {
    const most = Math.max(...parts.map((v) => v.most));
    // one element of each
    const at = this.constant('int64', -1);
    const firsts = parts.map((v) => {
      const first = `g${this.count++}`;
      this.lines.push(`${first} = Gather (${v.name}, ${at})`);
      return first;
    });
    return [`${name} = Concat <axis = 0> (${firsts.join(', ')})`, a.type, 3, most];
  }
  const names = parts.map((v) => v.name).join(', ');
  const most = Math.max(...parts.map((v) => v.most));
  return [`${name} = Concat <axis = 0> (${names})`, a.type, 3, most];
};

const reduced: Step = function (draw, name) {
  const a = this.pick(draw, draw.from(['int64', 'int32', 'float']));
  if (!a) return undefined;
  const operator = draw.from(['ReduceSum', 'ReduceProd', 'ReduceMax', 'ReduceMin'] as const);
  const most = operator === 'ReduceProd' ? Math.max(1, a.most) ** a.length : a.length * a.most;
  return [`${name} = ${operator} (${a.name})`, a.type, 1, most];
};

/** The size of what a slice, a range or a list of zeros has, with bounds of any sign. */
const sized: Step = function (draw, name) {
  const [a, b] = [this.pick(draw, 'int64'), this.pick(draw, 'int64')];
  if (!a || !b || a.length === 3 || b.length === 3 || a.most > 500) return undefined;
  const line = draw.from([
    `${name}_part = Slice (x, ${a.name}, ${b.name}, width_at)`,
    `${name}_minus = Neg (batch_at_1)
     ${name}_part = Slice (x, ${a.name}, ${b.name}, width_at, ${name}_minus)`,
    `${name}_size = Abs (${a.name})
     ${name}_part = ConstantOfShape (${name}_size)`,
    `${name}_start = Squeeze (${a.name})
     ${name}_limit = Squeeze (${b.name})
     ${name}_step = Squeeze (batch_at_1)
     ${name}_part = Range (${name}_start, ${name}_limit, ${name}_step)`,
  ]);
  const one = line.includes('batch_at_1') ? this.constant('int64', 1 + draw.below(3)) : '';
  this.lines.push(line.replaceAll('batch_at_1', one));
  return [
    `${name}_all = Shape (${name}_part) ${name} = ReduceMax (${name}_all)`,
    'int64',
    1,
    a.most + b.most,
  ];
};

/** A branch that is taken, or one that depends on sizes or data. */
const branch: Step = function (draw, name) {
  const condition = draw.below(5)
    ? this.pick(draw, 'bool')
    : { name: this.constant('bool', draw.below(2)), length: 1 };
  const a = this.pick(draw);
  if (condition?.length !== 1 || !a) return undefined;
  const b = this.other(draw, a);
  // one shape for both branches, so that what follows is defined
  if (b.length !== a.length) return undefined;
  const operator = a.type === 'bool' ? 'Not' : 'Neg';
  const [yes, no] = draw.below(2) ? [operator, 'Identity'] : ['Identity', operator];
  return [
    `${name} = If (${condition.name}) <
      then_branch = yes${name} () => (${a.type}[${a.length}] a${name}) { a${name} = ${yes} (${a.name}) },
      else_branch = no${name} () => (${a.type}[${a.length}] b${name}) { b${name} = ${no} (${b.name}) }
    >`,
    a.type,
    a.length,
    Math.max(a.most, b.most),
  ];
};

/** Often enough each, the ones that feed others oftener. */
const STEPS: readonly Step[] = [
  ...[arithmetic, arithmetic, arithmetic, quotient, quotient, comparison, comparison, comparison],
  ...[cast, cast, choice, choice, unary, joined, branch, branch, sized, sized],
  ...[logic, halves, clip, power, reduced],
];
