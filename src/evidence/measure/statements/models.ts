/**
 * What programs feed to models and take from them: states, wires and the source's inputs and outputs go
 * to ports that are there, of their type and size.
 */
import type { Problem } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { Value } from '../../../model/ir/value.js';
import type { Run, Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { fixedSize, portProblems, type Stated, sameKnownSize, sameSize } from './ports.js';

export function modelProblems(schedule: Schedule, models: ReadonlyMap<string, Model>): Problem[] {
  const problems = new Map<string, Problem>();
  for (const [program, { runs }] of Object.entries(schedule.programs))
    runs.forEach((run, r) => {
      const { graph } = models.get(run.model)!;
      const at = (...keys: string[]) => pointer('programs', program, 'runs', r, ...keys);
      for (const problem of new RunCheck(schedule, run, graph, at).problems())
        problems.set(`${problem.path} ${problem.message}`, problem);
    });
  return [...problems.values()];
}

class RunCheck {
  private readonly inputs: ReadonlyMap<string, Value>;
  private readonly outputs: ReadonlyMap<string, Value>;
  /** Symbols of the source's inputs. */
  private readonly symbols: ReadonlySet<string>;

  constructor(
    private readonly schedule: Schedule,
    private readonly run: Run,
    graph: Model['graph'],
    private readonly at: (...keys: string[]) => string,
  ) {
    const byName = (values: readonly Value[]) =>
      new Map(values.map((value) => [value.name, value]));
    this.inputs = byName(graph.inputs.filter((value) => !value.initializer));
    this.outputs = byName(graph.outputs);
    const sizes = schedule.source.inputs.flatMap(({ shape }) => shape);
    this.symbols = new Set(sizes.filter((size) => typeof size === 'string'));
  }

  problems(): Problem[] {
    const { source } = this.schedule;
    const {
      reads = {},
      parameters = {},
      unused = {},
      writes = {},
      constants = {},
      takes = {},
      gives = {},
    } = this.run;
    const fed = [reads, parameters, unused, constants, takes].flatMap((record) =>
      Object.keys(record),
    );
    return [
      ...Object.entries(reads).flatMap(([input, state]) =>
        this.state('reads', input, input, state),
      ),
      ...Object.entries(unused).flatMap(([input, state]) =>
        this.state('unused', input, input, state),
      ),
      ...Object.entries(writes).flatMap(([state, output]) =>
        this.state('writes', state, output, state),
      ),
      ...Object.entries(constants).flatMap(([input, constant]) =>
        this.port(this.inputs, input, ['constants', input], constant),
      ),
      ...Object.entries(parameters).flatMap(([input, id]) =>
        this.port(this.inputs, input, ['parameters', input], {
          type: 'float32',
          shape: this.schedule.parameters![id]!.shape,
        }),
      ),
      ...Object.keys(takes).flatMap((input) => this.port(this.inputs, input, ['takes', input])),
      ...Object.entries(gives).flatMap(([wire, output]) =>
        this.port(this.outputs, output, ['gives', wire]),
      ),
      ...source.inputs.flatMap((port, i) => this.ownPort('inputs', i, port, this.inputs)),
      ...source.outputs.flatMap((port, i) => this.ownPort('outputs', i, port, this.outputs)),
      ...[...this.inputs.keys()]
        .filter((name) => !fed.includes(name) && !source.inputs.some((p) => p.name === name))
        .map((name) => ({
          path: this.at('model'),
          message: `is fed nothing for its input "${name}"`,
        })),
    ];
  }

  private state(kind: string, key: string, port: string, state: string): Problem[] {
    const values = kind === 'writes' ? this.outputs : this.inputs;
    const value = values.get(port);
    if (!value) return this.missing(kind, key, port);
    const where = `what ${this.at(kind, key)} names`;
    const agree = sameKnownSize(this.symbols);
    return portProblems(['states', state], this.schedule.states[state]!, value, agree, where);
  }

  private port(
    values: ReadonlyMap<string, Value>,
    name: string,
    keys: [string, string],
    says?: Stated,
  ): Problem[] {
    const value = values.get(name);
    if (!value) return this.missing(...keys, name);
    if (!says) return [];
    const where = `the input "${name}" of the model "${this.run.model}"`;
    return portProblems([], says, value, sameSize, where).map(({ path, message }) => ({
      path: `${this.at(...keys)}${path}`,
      message,
    }));
  }

  private ownPort(
    kind: 'inputs' | 'outputs',
    index: number,
    port: Stated & { readonly name: string },
    values: ReadonlyMap<string, Value>,
  ): Problem[] {
    const value = values.get(port.name);
    if (!value) return [];
    const where = `"${port.name}" of the model "${this.run.model}"`;
    // what exporters call the sizes of outputs, the models keep; how large they are shows in the loop
    const agree = kind === 'inputs' ? sameSize : fixedSize;
    return portProblems(['source', kind, index], port, value, agree, where);
  }

  private missing(kind: string, key: string, port: string): Problem[] {
    const what = kind === 'writes' || kind === 'gives' ? 'output' : 'input';
    return [
      {
        path: this.at(kind, key),
        message: `names no ${what} of the model "${this.run.model}": "${port}"`,
      },
    ];
  }
}
