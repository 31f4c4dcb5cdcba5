// Small files that ask for much: long chains, wide joins, tensors that double again and again, sizes that are
// sums and products of themselves, branches in branches. Each must end in time and in memory, refused or not.

const list = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n  ');

const model = (inputs, outputs, nodes, constants = '') =>
  `<ir_version: 8, opset_import: ["": 17]>\ng (${inputs}) => (${outputs}) <${constants}> {\n  ${nodes}\n}`;

/** Graphs by name, of a size chosen from the smallest to the largest. */
const SHAPES = {
  chain: {
    sizes: [100, 2000, 20_000],
    text: (n, c) => {
      const op = c.pick(['Relu', 'Identity', 'Neg', 'Sigmoid']);
      return model(
        'float[2,4] x0',
        `float[2,4] x${n}`,
        list(n, (i) => `x${i + 1} = ${op} (x${i})`),
      );
    },
  },
  'wide sum': {
    sizes: [10, 1000, 5000],
    text: (n) =>
      model(
        'float[2,4] x',
        'y',
        `${list(n, (i) => `h${i} = Relu (x)`)}\n  y = Sum (${Array.from({ length: n }, (_, i) => `h${i}`)})`,
      ),
  },
  'sums of sums': {
    sizes: [20, 200, 1000],
    text: (n) =>
      model(
        'float[2,4] x0',
        `x${n}`,
        list(n, (i) => `x${i + 1} = Add (x${i}, x${i})`),
      ),
  },
  'a constant that doubles': {
    sizes: [8, 20, 40],
    text: (n, c) =>
      model(
        'float[1] x',
        'y',
        `${list(n, (i) => `c${i + 1} = ${c.pick([`Concat <axis = 0> (c${i}, c${i})`, `Tile (c${i}, two)`])}`)}\n  y = Add (x, c${n})`,
        'float[1] c0 = {1}, int64[1] two = {2}',
      ),
  },
  'an input that doubles': {
    sizes: [8, 20, 40, 70],
    text: (n) =>
      model(
        'float[batch,2] c0',
        `c${n}`,
        list(n, (i) => `c${i + 1} = Concat <axis = 0> (c${i}, c${i})`),
      ),
  },
  'constants of any size': {
    sizes: [1],
    text: (_, c) => {
      const size = c.pick(['1000', '100000000', '4000000000', '9223372036854775807', '-1']);
      const how = c.pick([
        'y = ConstantOfShape (s)',
        'y = Expand (one, s)',
        'r = Range (zero, first, first1)\n  y = Cast <to = 1> (r)',
        'e = Tile (one, s)\n  y = Relu (e)',
      ]);
      return model(
        'float[1] x',
        'y',
        `first = Squeeze (s)\n  ${how}`,
        `int64[1] s = {${size}}, float[1] one = {1}, int64 zero = {0}, int64 first1 = {1}`,
      );
    },
  },
  'sizes of sizes': {
    sizes: [4, 12, 28, 60],
    text: (n, c) =>
      model(
        'float[batch,width] x',
        'y',
        `s0 = Shape (x)\n  ${list(n, (i) => `s${i + 1} = ${c.pick(['Mul', 'Add', 'Mul', 'Sub'])} (s${i}, ${c.pick([`s${i}`, 's0', 'three'])})`)}\n  ${c.pick([`y = ConstantOfShape (s${n})`, `y = Expand (x, s${n})`, `y = Reshape (x, s${n})`])}`,
        'int64[1] three = {3}',
      ),
  },
  'sizes divided': {
    sizes: [4, 12, 40],
    text: (n, c) =>
      model(
        'float[batch,width] x',
        'y',
        `s0 = Shape (x)\n  ${list(n, (i) => `a${i} = Add (s${i}, two)\n  s${i + 1} = ${c.pick(['Div', 'Mod', 'Max', 'Min'])} (a${i}, ${c.pick(['two', 's0'])})`)}\n  y = ConstantOfShape (s${n})`,
        'int64[1] two = {2}',
      ),
  },
  'branches in branches': {
    sizes: [3, 12, 26, 60],
    text: (n, c) => {
      const known = c.chance(1, 2);
      const nest = (level) =>
        level === 0
          ? 'r0 = Relu (x)'
          : `r${level} = If (b) <then_branch = t${level} () => (float[2] r${level}) { ${renamed(nest(level - 1), level, 't')} }, else_branch = e${level} () => (float[2] r${level}) { ${renamed('q = Neg (x)', level, 'e')} }>`;
      // the last value of a branch is its output
      const renamed = (text, level, side) =>
        side === 't' ? `${text}\n r${level}t = Identity (r${level - 1})` : `r${level}e = Neg (x)`;
      const fix = (text) =>
        text
          .replaceAll(/(t\d+) \(\) => \(float\[2\] r(\d+)\)/g, '$1 () => (float[2] r$2t)')
          .replaceAll(/(e\d+) \(\) => \(float\[2\] r(\d+)\)/g, '$1 () => (float[2] r$2e)');
      return model(
        known ? 'float[2] x' : 'float[2] x, bool b',
        `r${n}`,
        fix(nest(n)),
        known ? 'bool b = {1}' : '',
      );
    },
  },
};

export const LARGE_GRAPHS = {
  make: (c) => {
    const shape = c.pick(Object.keys(SHAPES));
    const { sizes, text } = SHAPES[shape];
    return { origin: { name: `unet, ${shape}` }, text: text(c.pick(sizes), c) };
  },
};
