/**
 * What a model that holds its plan promises whoever runs it without a schedule: with every `….out.X` fed back as
 * `….in.X`, and zeros of one element along open axes at first, it gives what the schedule leads to, at every call and in a
 * second image behind the first. To the bit, since it is one model on the same inputs.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import {
  callsOf,
  carriedStates,
  counterOf,
  fedBackAs,
  type Schedule,
  type State,
} from '../../runtime/schedule/index.js';
import { pointer } from '../../runtime/schedule/pointer.js';
import { placeholder } from '../../runtime/session/tensors.js';
import type { Findings } from './context.js';
import { compareOutputs } from './difference.js';
import { loadOrt, runModel } from './engine.js';
import type { Feeds } from './feeds.js';
import type { Player } from './play.js';

export class FedBack {
  private readonly held = new Map<string, Tensor>();

  private constructor(
    private readonly schedule: Schedule,
    private readonly session: InferenceSession,
    private readonly inputs: ReadonlyMap<string, State>,
    private readonly report: Findings,
  ) {}

  /** Undefined where the model does not count its calls. */
  static of(schedule: Schedule, player: Player, report: Findings): FedBack | undefined {
    if (counterOf(schedule.states) === undefined) return undefined;
    const [run] = schedule.programs[callsOf(schedule).inOrder[0]!]!.runs;
    const inputs = new Map(
      [...carriedStates(schedule)].map(([input, id]) => [input, schedule.states[id]!] as const),
    );
    return new FedBack(schedule, player.session(run!), inputs, report);
  }

  /** One more call, which is to give what the schedule gave. */
  async compare(call: number, feeds: Feeds, expected: Record<string, Tensor>): Promise<void> {
    const ort = await loadOrt();
    const states = [...this.inputs].map(([input, state]) => [
      input,
      this.held.get(input) ?? placeholder(ort as never, state),
    ]);
    const own = this.schedule.source.inputs.flatMap(({ name }) =>
      this.session.inputNames.includes(name) ? [[name, feeds[name]!]] : [],
    );
    const all = Object.fromEntries([...own, ...states]) as Feeds;
    const results = await runModel(this.session, all, 'the model, fed back');
    for (const input of this.inputs.keys()) {
      const output = fedBackAs(input);
      const tensor = results[output] as Tensor | undefined;
      if (tensor) this.held.set(input, tensor);
      else this.wrong(`gives no "${output}", which is to be fed back as "${input}"`);
    }
    if (!compareOutputs(this.schedule, results as Record<string, Tensor>, expected).identical)
      this.wrong(`gives something else at call ${call} when it is fed back than by the schedule`);
  }

  private wrong(message: string): void {
    this.report.wrong({
      path: pointer('emit'),
      message: `${this.schedule.emit}: the model ${message}`,
    });
  }
}
