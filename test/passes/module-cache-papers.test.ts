/**
 * T-GATE's published multiply-accumulates (Zhang et al., arXiv 2404.02747; the table of the authors' release) by counting:
 * what the pass leaves out at each step, in the architectures that they were measured on, at 1024x1024 pixels.
 *
 * Their counter sees convolutions and linear layers alone. Before the gate a step runs both halves of a guidance pair, from it
 * on one row, without guidance: that is the loop's, and counted here. The cross-attention of step gate-1 is the last that is
 * computed; self-attention is computed at steps up to `warm_up`, then where sp_interval divides the step, at gate-1, and from
 * the gate on.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { moduleCache } from '../../passes/index.js';
import { branchTable, moduleTable } from '../../src/compiler/analysis/index.js';
import { checkOptions, type PassContext, passContext } from '../../src/compiler/pass/index.js';
import { prepare } from '../../src/compiler/pipeline/index.js';
import { COMPUTE } from '../../src/compiler/plan/index.js';
import { loadModel } from '../../src/model/onnx/files.js';

/** Of one row: the whole model, and each module by its site. */
interface Counted {
  readonly context: (calls: number) => PassContext;
  readonly row: number;
  readonly modules: ReadonlyMap<string, number>;
  readonly shallow: number | undefined;
}

async function counted(file: string, sequence: number): Promise<Counted> {
  const sizes = { batch: 1, height: 128, width: 128, sequence };
  const { canonical, shapes, bindings, roles } = await prepare(
    loadModel(`samples/architectures/${file}.onnx`),
    { sizes },
  );
  const one = passContext(canonical, shapes, 1, bindings, undefined, roles);
  const unet = one.unet();
  const table = branchTable(canonical.graph, shapes, unet.isUnet ? unet.joins : [], bindings);
  const modules = moduleTable(canonical.graph, one.modules(), shapes, bindings, table.fullMacs);
  return {
    // what was found in the model is the same for all loops
    context: (calls) => ({ ...one, calls }),
    row: table.fullMacs.layers,
    modules: new Map(modules.map(({ id, macs }) => [id, macs.layers])),
    shallow: table.branches.find(({ branch }) => branch === 2)?.shallowMacs.layers,
  };
}

/** MACs of each step of one row, under options of the pass, whose sites it takes together. */
function stepsOf({ context, row, modules }: Counted, calls: number, passes: readonly object[]) {
  const entries = passes.flatMap((options) =>
    Object.entries(
      moduleCache.propose(context(calls), checkOptions(moduleCache, options as never)).entries,
    ),
  );
  return Array.from({ length: calls }, (_, call) =>
    entries.reduce(
      (left, [id, column]) => left - (column[call] === COMPUTE ? 0 : modules.get(id)!),
      row,
    ),
  );
}

interface Gate {
  readonly gate: number;
  readonly steps: number;
  /** Left out: self-attention is computed at every step. */
  readonly every?: number;
  readonly pairs?: boolean;
}

/** In units of 10^12. */
function tera(model: Counted, { gate, steps, every, pairs = true }: Gate): number {
  const range = Array.from({ length: steps }, (_, step) => step);
  const full = range.filter((t) => t <= 2 || t % (every ?? 1) === 0 || t >= gate - 1);
  const self = every === undefined ? [] : [{ kinds: ['self'], full }];
  const macs = stepsOf(model, steps, [{ kinds: ['cross'], gate }, ...self]);
  return macs.reduce((sum, step, t) => sum + step * (pairs && t < gate ? 2 : 1), 0) / 1e12;
}

/** Published figures have five or six digits. */
const near = (actual: number, published: number) =>
  expect(Math.abs(actual / published - 1), `${actual} for ${published}`).toBeLessThan(2e-4);

describe('Stable Diffusion XL', () => {
  let model: Counted;
  beforeAll(async () => {
    model = await counted('sdxl-unet', 77);
  });

  test('without it: 25 steps of both halves', () => near((50 * model.row) / 1e12, 149.438));

  test('its modules are those of its widths', () => {
    // n tokens of d channels, so many blocks; 77 words of 2048 channels
    const widths = [
      [4096, 640, 10],
      [1024, 1280, 60],
    ] as const;
    const sum = (of: (n: number, d: number) => number) =>
      widths.reduce((total, [n, d, count]) => total + count * of(n, d), 0);
    const kind = (name: string) =>
      [...model.modules].reduce((total, [id, macs]) => total + (id.startsWith(name) ? macs : 0), 0);
    expect(kind('self')).toBe(sum((n, d) => 4 * n * d ** 2));
    expect(kind('cross')).toBe(sum((n, d) => 2 * n * d ** 2 + 2 * 77 * 2048 * d));
    expect(kind('feed-forward')).toBe(sum((n, d) => 12 * n * d ** 2));
  });

  test('gate_step 10, sp_interval 5, warm_up 2', () =>
    near(tera(model, { gate: 10, steps: 25, every: 5 }), 95.988));

  // the first version kept cross-attention alone; its table is that of a gate at step 5
  test('the first version', () => near(tera(model, { gate: 5, steps: 25 }), 84.438));

  test('a consistency model: 4 steps of one row', () => {
    near((4 * model.row) / 1e12, 11.955);
    near(tera(model, { gate: 1, steps: 4, pairs: false }), 11.171);
  });

  test('DeepCache beside it', () => {
    // full at every third step; branch 2, whose shallow part holds no attention
    const shallow = model.shallow!;
    const [, gated] = stepsOf(model, 2, [{ kinds: ['cross'], gate: 1 }]);
    /** @param gate a full step, the last of both halves; cross-attention is taken from it behind it */
    const tera = (gate: number) => {
      const steps = Array.from({ length: 25 }, (_, t) => {
        const full = t > gate ? gated! : model.row;
        return (t > gate ? 1 : 2) * (t % 3 === 0 ? full : shallow);
      });
      return steps.reduce((sum, step) => sum + step) / 1e12;
    };
    near(tera(25), 57.888);
    // the release with this figure gates at a full step, for which its page has 12 as the example
    near(tera(12), 43.868);
  });
});

describe('PixArt-Σ', () => {
  let model: Counted;
  beforeAll(async () => {
    model = await counted('pixart-sigma-1024', 300);
  });

  test('without it', () => near((50 * model.row) / 1e12, 107.766));

  test('gate_step 15, sp_interval 3, warm_up 2', () =>
    near(tera(model, { gate: 15, steps: 25, every: 3 }), 74.42));
});
