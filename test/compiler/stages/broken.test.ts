/** A step that breaks the graph is named, whichever it is: each is broken on purpose here. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import type { Rule } from '../../../src/compiler/canonicalize/rewrite.js';
import { RULES } from '../../../src/compiler/canonicalize/rules/index.js';
import { EMIT_FORMS } from '../../../src/compiler/lower/index.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import { Pipeline, prepare } from '../../../src/compiler/pipeline/index.js';
import {
  COMPUTE,
  type Proposal,
  type SiteBuilder,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { type BrokenGraph, type Stage, Watch } from '../../../src/compiler/stages/index.js';
import { onnxruntimeCpu } from '../../../src/compiler/targets/index.js';
import { rewriteFor, type Target } from '../../../src/compiler/targets/target.js';
import { ResultError, StepfoldError } from '../../../src/errors/index.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import type { Value } from '../../../src/model/ir/value.js';
import { modelOf, named } from '../../helpers/text.js';

const TEXT = `g (float[1,2] x) => (float[1,2] y) {
  a = Neg (x)
  b = Abs (a)
  c = Exp (b)
  y = Relu (c)
}`;
const source = () => modelOf(TEXT);

/** Keeps `b`; what a test gives instead comes first. */
function keeping(instead: Partial<Pass> & { produce?: (b: SiteBuilder) => Value[] } = {}): Pass {
  const { produce = (b: SiteBuilder) => [b.state('b.0')], ...rest } = instead;
  return {
    name: 'keeping',
    description: 'Keep b.',
    example: 'keeping',
    options: { type: 'object', properties: {} },
    propose: ({ model, calls }) => proposal(named(model, 'b'), calls, produce),
    ...rest,
  };
}

const proposal = (
  b: Value,
  calls: number,
  produce: (b: SiteBuilder) => Value[] = (builder) => [builder.state('b.0')],
): Proposal => ({
  sites: [
    {
      id: 'b',
      description: 'b',
      outputs: [b],
      states: [{ id: 'b.0', like: b }],
      strategies: strategiesByName([
        strategyOf(COMPUTE, 'run it', { writes: { 'b.0': (builder) => builder.value(b) } }),
        strategyOf('reuse', 'take it', { reads: ['b.0'], produce }),
      ]),
    },
  ],
  entries: { b: Array.from({ length: calls }, (_, t) => (t % 2 === 0 ? COMPUTE : 'reuse')) },
});

/** Takes a node out behind the graph's back: what reads it reads nothing. */
const takeOut = (model: Model, value: string): void => {
  model.graph.nodeSet.delete(named(model, value).producer!);
};

async function failure(work: Promise<unknown> | (() => unknown)): Promise<StepfoldError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof StepfoldError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const compile = (pass: Pass, more: object = {}) =>
  Pipeline.create({ calls: 4, engine: false, ...more })
    .use(pass)
    .compile(source());

describe('a graph that is not whole is refused', () => {
  test('after prepare, with the node that reads what is gone', async () => {
    const error = await failure(compile(keeping({ prepare: ({ model }) => takeOut(model, 'a') })));
    expect(error).toMatchObject({ code: 'GRAPH_BROKEN' });
    expect(error).toBeInstanceOf(ResultError);
    expect(error.message).toContain('"keeping: prepare"');
    expect(error.message).toContain('reads "a", which is not in its scope');
    expect(error.details).toMatchObject({ node: 'Abs making b', value: 'a' });
    expect(error.details.hint).toMatch(/report it/);
  });

  test('after propose, which has nothing to change', async () => {
    const propose: Pass['propose'] = ({ model, calls }) => {
      takeOut(model, 'a');
      return proposal(named(model, 'b'), calls);
    };
    const error = await failure(compile(keeping({ propose })));
    expect(error.message).toContain('"keeping: propose"');
  });

  test('where a proposal names a value of another graph', async () => {
    const error = await failure(
      compile(keeping({ propose: ({ calls }) => proposal(named(source(), 'b'), calls) })),
    );
    expect(error.code).toBe('GRAPH_BROKEN');
    expect(error.message).toContain('site "b" names "b", which is not in the graph');
  });

  test('after the strategies, with the site and whose it is', async () => {
    let canonical: Model;
    const strange = keeping({
      propose({ model, calls }) {
        canonical = model;
        return proposal(named(model, 'b'), calls, (b) => {
          const inputs = [b.state('b.0'), named(canonical, 'a')];
          return [b.add({ opType: 'Add', inputs })];
        });
      },
    });
    const ours = await failure(compile(strange));
    expect(ours.message).toContain('"strategies: site "b""');
    expect(ours.message).toContain('reads "a", which is not in its scope');
    expect(ours.details.hint).toContain('the pass "keeping"');
    const theirs = await failure(compile({ ...strange, plugin: 'mine.mjs' }));
    expect(theirs.code).toBe('PASS_BROKE_GRAPH');
    expect(theirs).not.toBeInstanceOf(ResultError);
    expect(theirs.message).toContain('The pass "keeping" of the plugin "mine.mjs"');
    expect(theirs.details.file).toBe('mine.mjs');
  });

  test('where a strategy gives a value of the source', async () => {
    const propose: Pass['propose'] = ({ model, calls }) =>
      proposal(named(model, 'b'), calls, (b) => {
        b.state('b.0');
        return [named(model, 'a')];
      });
    const error = await failure(compile(keeping({ propose })));
    expect(error.code).toBe('STRATEGY_VALUES');
    expect(error.message).toContain('"a", which is no value of the graph being built');
  });

  test('after a rule of a target, with the rule and the graph before', async () => {
    const stranger = named(modelOf('g (float[1,2] s) => (float[1,2] t) { t = Neg (s) }'), 't');
    const target: Target = {
      name: 'bad',
      description: 'Bad.',
      rules: [
        {
          name: 'strange',
          description: 'Reads a value of another graph.',
          match: (node) =>
            node.opType === 'Exp'
              ? {
                  rule: 'strange',
                  node,
                  why: 'why not',
                  replace: [{ from: node.output, to: { value: stranger } }],
                }
              : undefined,
        },
      ],
    };
    const watch = new Watch({ debug: true });
    const error = await failure(() => rewriteFor(source(), target, new Map(), watch));
    expect(error.message).toContain('"bad: strange in "g""');
    expect(error.message).toContain('node "Relu making y" reads "t"');
    const { before } = error.details.data as BrokenGraph;
    expect(findViolations(before!.graph)).toEqual([]);
    expect([...before!.graph.nodes].map((node) => node.opType)).toEqual([
      'Neg',
      'Abs',
      'Exp',
      'Relu',
    ]);
  });

  test('after a rule of the canonical form, with the group', async () => {
    const stranger = named(source(), 'b');
    const strange: Rule = (node) =>
      node.opType === 'Exp' && node.inputs[0] !== stranger
        ? { rule: 'strange', node, why: 'why not', operands: [{ index: 0, to: stranger }] }
        : undefined;
    const rules = RULES as Rule[];
    rules.push(strange);
    try {
      const error = await failure(canonicalize.run(source(), { engine: false }));
      expect(error.message).toContain('"canonicalize: rules, round 1"');
      expect(error.message).toContain('node "Exp making c" reads "b", which is not in its scope');
    } finally {
      rules.pop();
    }
  });
});

describe.each(EMIT_FORMS)('as %s', (emit) => {
  const run = () => compile(keeping({ prepare: () => {} }), { emit, target: onnxruntimeCpu });
  const check = Watch.prototype.check;
  afterEach(() => vi.restoreAllMocks());

  /** The steps that are checked, the graph broken just before the check of one. */
  async function steps(broken?: number): Promise<string[]> {
    const seen: string[] = [];
    vi.spyOn(Watch.prototype, 'check').mockImplementation(function (this: Watch, step, model) {
      if (seen.length === broken) model.graph.nodeSet.delete(model.graph.outputs[0]!.producer!);
      seen.push(step.name);
      check.call(this, step, model);
    });
    await run();
    return seen;
  }

  test('every step is checked, and each that breaks the graph is named', async () => {
    const seen = await steps();
    vi.restoreAllMocks();
    const { lowered } = await run();
    expect(seen).toEqual(
      expect.arrayContaining([
        'canonicalize',
        'keeping: prepare',
        'keeping: propose',
        'strategies',
        'instrument',
        ...[...lowered.models.keys()].map((id) => `${lowered.emit}: model "${id}"`),
      ]),
    );
    for (const [i, name] of seen.entries()) {
      vi.restoreAllMocks();
      const error = await failure(steps(i));
      expect(error.code).toBe('GRAPH_BROKEN');
      expect((error.details.data as BrokenGraph).step).toBe(name);
    }
  });
});

test("what a model has wrong from the start is nobody's step", async () => {
  // an inner value that shadows an outer one, which the file format forbids and readers let pass
  const shadowed = modelOf(`g (float[1,2] x, bool c) => (float[1,2] y) {
    a = Neg (x)
    y = If (c) <
      then_branch: graph = t () => (float[1,2] p) { p = Relu (a) },
      else_branch: graph = e () => (float[1,2] q) { q = Relu (x) }
    >
  }`);
  const branch = named(shadowed, 'y').producer!.attributes.get('then_branch')!.value as Graph;
  [...branch.nodes][0]!.output.setName('a');
  expect(findViolations(shadowed.graph)).toHaveLength(1);
  await prepare(shadowed, { engine: false });
});

test('stages are told in order, and copies are kept only when asked for', async () => {
  const stages: string[] = [];
  const onStage = ({ name, notes }: Stage) => stages.push([name, ...notes].join('|'));
  await compile(keeping({ prepare: () => {} }), { onStage, emit: 'split' });
  expect(stages).toEqual([
    'source',
    'canonical',
    'keeping-prepared',
    'keeping|site b: b|  values: b|  calls: compute 2, reuse 2',
    'instrumented',
    'split-full',
    'split-mixed',
  ]);
  const pass = keeping({ prepare: ({ model }) => takeOut(model, 'a') });
  const kept = await failure(compile(pass, { debug: true }));
  const { before, after } = kept.details.data as BrokenGraph;
  expect(before!.graph.nodes.size).toBe(4);
  expect(after.graph.nodes.size).toBe(3);
  expect(kept.details.hint).not.toContain('--debug');
  const plain = await failure(compile(pass));
  expect((plain.details.data as BrokenGraph).before).toBeUndefined();
  expect(plain.details.hint).toContain('--debug');
});
