/**
 * Networks that speak, as graphs by hand: sequences in place of pictures, masks of the words and the frames of
 * each row, and what exporters of speech leave in the graph of a denoiser.
 */

const CHANNELS = 8;
const HEADS = 2;
const TIME = 16;

/** Lines of a graph and its constants; numbers from a plain generator, equal names the same ones. */
class Sheet {
  readonly lines: string[] = [];
  readonly #constants = new Map<string, string>();
  #state = 7;

  node(out: string, rest: string): string {
    this.lines.push(`${out} = ${rest}`);
    return out;
  }

  weight(name: string, dims: readonly number[], scale = 0.8): string {
    if (this.#constants.has(name)) return name;
    const count = dims.reduce((product, size) => product * size, 1);
    const numbers = Array.from({ length: count }, () => {
      this.#state = (this.#state * 1103515245 + 12345) % 2 ** 31;
      return ((this.#state / 2 ** 31 - 0.5) * scale).toFixed(4);
    });
    this.#constants.set(name, `float[${dims.join(',')}] ${name} = {${numbers.join(', ')}}`);
    return name;
  }

  whole(name: string, ...numbers: number[]): string {
    this.#constants.set(name, `int64[${numbers.length}] ${name} = {${numbers.join(', ')}}`);
    return name;
  }

  number(name: string, value: number): string {
    this.#constants.set(name, `float ${name} = {${value.toFixed(6)}}`);
    return name;
  }

  graph(inputs: string, outputs: string): string {
    const constants = [...this.#constants.values()].join(',\n');
    return `g (${inputs}) => (${outputs})\n<${constants}> {\n${this.lines.join('\n')}\n}`;
  }
}

/** The sinusoidal embedding of a value of one axis, and a layer. */
function timeEmbedding(s: Sheet, timestep: string): string {
  const column = s.node('column', `Unsqueeze (${timestep}, ${s.whole('axis1', 1)})`);
  const angle = s.node('angle', `Mul (${column}, ${s.weight('freq', [1, 8], 200)})`);
  s.node('sin', `Sin (${angle})`);
  s.node('cos', `Cos (${angle})`);
  s.node('waves', 'Concat <axis = 1> (sin, cos)');
  s.node('linear', `MatMul (waves, ${s.weight('time_w', [16, TIME])})`);
  s.node('gate', 'Sigmoid (linear)');
  return s.node('time', 'Mul (linear, gate)');
}

/** Heads of a projection of [batch, tokens, channels]. */
function headsOf(s: Sheet, name: string, from: string, width: number, perm: string): string {
  const flat = s.node(`${name}_0`, `MatMul (${from}, ${s.weight(`${name}_w`, [width, CHANNELS])})`);
  const split = s.whole('split_heads', 0, 0, HEADS, CHANNELS / HEADS);
  return s.node(
    name,
    `Transpose <perm = ${perm}> (${s.node(`${name}_1`, `Reshape (${flat}, ${split})`)})`,
  );
}

/** @param hide scores of what is hidden, from scores */
function attend(
  s: Sheet,
  name: string,
  [from, over, width]: readonly [from: string, over: string, width: number],
  hide: (scores: string) => string,
): string {
  const q = headsOf(s, `${name}_q`, from, CHANNELS, '[0, 2, 1, 3]');
  const k = headsOf(s, `${name}_k`, over, width, '[0, 2, 3, 1]');
  const v = headsOf(s, `${name}_v`, over, width, '[0, 2, 1, 3]');
  s.node(`${name}_s`, `MatMul (${q}, ${k})`);
  const scores = s.node(`${name}_ss`, `Mul (${name}_s, ${s.number('head_scale', 0.5)})`);
  s.node(`${name}_p`, `Softmax <axis = -1> (${hide(scores)})`);
  s.node(`${name}_m`, `MatMul (${name}_p, ${v})`);
  s.node(`${name}_t`, `Transpose <perm = [0, 2, 1, 3]> (${name}_m)`);
  s.node(`${name}_f`, `Reshape (${name}_t, ${s.whole('join_heads', 0, 0, CHANNELS)})`);
  return s.node(name, `MatMul (${name}_f, ${s.weight(`${name}_o`, [CHANNELS, CHANNELS])})`);
}

/**
 * A U-Net over frames (Mehta et al., arXiv 2309.03199, section 2.3): residual layers of masked convolutions and transformer
 * blocks with an activation of sines at two resolutions, beside a condition of the latent's own shape.
 */
export function sequenceUnet(): string {
  const s = new Sheet();
  s.whole('axis2', 2);
  s.number('one', 1);
  s.number('far', -10000);
  timeEmbedding(s, 't');

  const mish = (name: string, x: string) => {
    s.node(`${name}_sp`, `Softplus (${x})`);
    s.node(`${name}_th`, `Tanh (${name}_sp)`);
    return s.node(name, `Mul (${x}, ${name}_th)`);
  };
  const convolution = (name: string, x: string, width: number, rest: string, kernel = 3) =>
    s.node(name, `Conv <${rest}> (${x}, ${s.weight(`${name}_w`, [CHANNELS, width, kernel])})`);
  const masked = (name: string, x: string, mask: string) => s.node(name, `Mul (${x}, ${mask})`);
  const layer = (name: string, x: string, mask: string, width: number) => {
    const made = convolution(`${name}_c`, masked(`${name}_x`, x, mask), width, 'pads = [1, 1]');
    return masked(name, mish(`${name}_a`, made), mask);
  };
  const residual = (name: string, x: string, mask: string, width: number) => {
    const first = layer(`${name}_1`, x, mask, width);
    const moved = s.node(`${name}_t`, `MatMul (time, ${s.weight(`${name}_tw`, [TIME, CHANNELS])})`);
    s.node(`${name}_tu`, `Unsqueeze (${moved}, axis2)`);
    const second = layer(
      `${name}_2`,
      s.node(`${name}_s`, `Add (${first}, ${name}_tu)`),
      mask,
      CHANNELS,
    );
    const skip = convolution(`${name}_k`, masked(`${name}_m`, x, mask), width, 'group = 1', 1);
    return s.node(name, `Add (${second}, ${skip})`);
  };
  const normed = (name: string, x: string) =>
    s.node(
      name,
      `LayerNormalization <axis = -1> (${x}, ${s.weight(`${name}_g`, [CHANNELS])}, ${s.weight(`${name}_b`, [CHANNELS])})`,
    );
  const block = (name: string, x: string, mask: string) => {
    const stream = s.node(`${name}_i`, `Transpose <perm = [0, 2, 1]> (${x})`);
    s.node(`${name}_h`, `Sub (one, ${mask})`);
    s.node(`${name}_hf`, `Mul (${name}_h, far)`);
    const hidden = s.node(`${name}_hu`, `Unsqueeze (${name}_hf, axis1)`);
    const tokens = normed(`${name}_n1`, stream);
    const mixed = attend(s, `${name}_a`, [tokens, tokens, CHANNELS], (scores) =>
      s.node(`${name}_b`, `Add (${scores}, ${hidden})`),
    );
    const after = s.node(`${name}_r1`, `Add (${mixed}, ${stream})`);
    const wide = [CHANNELS, 2 * CHANNELS];
    s.node(`${name}_u`, `MatMul (${normed(`${name}_n2`, after)}, ${s.weight(`${name}_w1`, wide)})`);
    // x + sin(a x)^2 / b (Ziyin et al., arXiv 2006.08195)
    s.node(`${name}_ua`, `Mul (${name}_u, ${s.weight(`${name}_al`, [2 * CHANNELS], 3)})`);
    s.node(`${name}_us`, `Sin (${name}_ua)`);
    s.node(`${name}_uq`, `Mul (${name}_us, ${name}_us)`);
    s.node(`${name}_ub`, `Mul (${name}_uq, ${s.weight(`${name}_be`, [2 * CHANNELS])})`);
    s.node(`${name}_v`, `Add (${name}_u, ${name}_ub)`);
    s.node(`${name}_w`, `MatMul (${name}_v, ${s.weight(`${name}_w2`, [...wide].reverse())})`);
    s.node(`${name}_r2`, `Add (${name}_w, ${after})`);
    return s.node(name, `Transpose <perm = [0, 2, 1]> (${name}_r2)`);
  };

  const every = `${s.whole('first', 0)}, ${s.whole('last', 2 ** 31 - 1)}, axis2, ${s.whole('second', 2)}`;
  const half = s.node('half', `Slice (mask, ${every})`);
  const down0 = block(
    'd0b',
    residual('d0', s.node('in', 'Concat <axis = 1> (x, mu)'), 'mask', CHANNELS),
    'mask',
  );
  const pooled = convolution(
    'pool',
    masked('pool_x', down0, 'mask'),
    CHANNELS,
    'pads = [1, 1], strides = [2]',
  );
  const down1 = block('d1b', residual('d1', pooled, half, CHANNELS), half);
  const middle = block('mb', residual('m', down1, half, CHANNELS), half);
  const join1 = s.node('join1', `Concat <axis = 1> (${middle}, ${down1})`);
  const up1 = block('u1b', residual('u1', join1, half, 2 * CHANNELS), half);
  s.node(
    'deep',
    `ConvTranspose <pads = [1, 1], strides = [2]> (${masked('deep_x', up1, half)}, ${s.weight('deep_w', [CHANNELS, CHANNELS, 4])})`,
  );
  const join0 = s.node('join0', `Concat <axis = 1> (deep, ${down0})`);
  const up0 = block('u0b', residual('u0', join0, 'mask', 2 * CHANNELS), 'mask');
  s.node('v0', `Conv (${masked('v_x', up0, 'mask')}, ${s.weight('v_w', [4, CHANNELS, 1])})`);
  masked('v', 'v0', 'mask');
  return s.graph(
    'float[batch,4,frames] x, float[batch,1,frames] mask, float[batch,4,frames] mu, float[batch] t',
    'float[batch,4,frames] v',
  );
}

/**
 * A step of speech, whole: the halves of a guidance pair side by side, residual layers of convolutions and attention to
 * a masked text, and Euler's step of one share of the way. Steps are counted: `step` of `steps`.
 */
export function guidedStep(): string {
  const s = new Sheet();
  s.whole('axis1', 1);
  s.whole('axis2', 2);
  s.node('share', 'Div (step, steps)');
  s.node('time2', `Tile (${timeEmbedding(s, 'share')}, ${s.whole('two1', 2, 1)})`);
  const twice = s.whole('two2', 2, 1, 1);
  for (const [to, from] of [
    ['x2', 'x'],
    ['mask2', 'mask'],
    ['hidden2', 'text_mask'],
  ])
    s.node(to!, `Tile (${from}, ${twice})`);
  s.node('text_shape', 'Shape (text)');
  s.node('silence', `Expand (${s.weight('no_text', [1, 6, 1])}, text_shape)`);
  s.node('text2', 'Concat <axis = 0> (text, silence)');
  s.node('words', 'Transpose <perm = [0, 2, 1]> (text2)');
  s.node('hidden_u', 'Unsqueeze (hidden2, axis1)');
  s.node('hidden', `Equal (hidden_u, ${s.number('zero', 0)})`);
  s.number('far', -10000);

  let at = s.node('h_0', `Conv (x2, ${s.weight('in_w', [CHANNELS, 4, 1])})`);
  const masked = (name: string, x: string) => s.node(name, `Mul (${x}, mask2)`);
  const convolved = (name: string) => {
    s.node(`${name}_p`, `Pad <mode = "edge"> (${at}, ${s.whole('sides', 0, 0, 2, 0, 0, 2)})`);
    s.node(
      `${name}_c`,
      `Conv <group = ${CHANNELS}> (${name}_p, ${s.weight(`${name}_w`, [CHANNELS, 1, 5])})`,
    );
    s.node(`${name}_t`, `MatMul (time2, ${s.weight(`${name}_tw`, [TIME, CHANNELS])})`);
    s.node(`${name}_tu`, `Unsqueeze (${name}_t, axis2)`);
    s.node(`${name}_a`, `Add (${name}_c, ${name}_tu)`);
    s.node(`${name}_s`, `Tanh (${name}_a)`);
    s.node(`${name}_f`, `Conv (${name}_s, ${s.weight(`${name}_fw`, [CHANNELS, CHANNELS, 1])})`);
    at = masked(name, s.node(`${name}_r`, `Add (${at}, ${name}_f)`));
  };
  const toText = (name: string) => {
    const frames = s.node(`${name}_i`, `Transpose <perm = [0, 2, 1]> (${at})`);
    const mixed = attend(s, `${name}_a`, [frames, 'words', 6], (scores) =>
      s.node(`${name}_h`, `Where (hidden, far, ${scores})`),
    );
    s.node(`${name}_o`, `Transpose <perm = [0, 2, 1]> (${mixed})`);
    at = masked(name, s.node(`${name}_r`, `Add (${at}, ${name}_o)`));
  };
  for (const i of [0, 1]) {
    convolved(`c${i}`);
    toText(`t${i}`);
  }
  masked('v2', s.node('v2_0', `Conv (${at}, ${s.weight('out_w', [4, CHANNELS, 1])})`));
  s.node('told, untold', 'Split <axis = 0, num_outputs = 2> (v2)');
  s.node('guide', 'Sub (told, untold)');
  s.node('guided', `Mul (guide, ${s.number('guidance', 3)})`);
  s.node('v', 'Add (untold, guided)');
  s.node('steps_u', 'Unsqueeze (steps, axis1)');
  s.node('steps_uu', 'Unsqueeze (steps_u, axis2)');
  s.node('move', 'Div (v, steps_uu)');
  s.node('moved', 'Add (x, move)');
  s.node('next', 'Mul (moved, mask)');
  return s.graph(
    'float[batch,4,frames] x, float[batch,6,letters] text, float[batch,1,letters] text_mask, float[batch,1,frames] mask, float[batch] step, float[batch] steps',
    'float[batch,4,frames] next',
  );
}
