/**
 * The calls of a loop, as a schedule has them. What happens at a call is asked here and nowhere else, so that calls may
 * be listed one by one, as today, or follow from a rule and the length of a loop.
 */
import type { Schedule } from '../../generated/schedule.js';

export class CallSequence {
  constructor(
    private readonly schedule: Pick<Schedule, 'calls'> &
      Partial<Pick<Schedule, 'parameters' | 'sites'>>,
  ) {}

  get length(): number {
    return this.inOrder.length;
  }

  /** The program of each call. */
  get inOrder(): readonly string[] {
    return this.schedule.calls;
  }

  /** The programs that calls run, each once, in the order in which they are first run. */
  get programs(): string[] {
    return [...new Set(this.inOrder)];
  }

  /** Undefined behind the last call. */
  programAt(call: number): string | undefined {
    return this.inOrder[call];
  }

  /** The first call that runs a program; -1 where none does. */
  firstOf(program: string): number {
    return this.inOrder.indexOf(program);
  }

  /** The calls that run one of some programs. */
  of(...programs: readonly string[]): number[] {
    return this.inOrder.flatMap((program, call) => (programs.includes(program) ? [call] : []));
  }

  /** What the plan asks of each site at a call. */
  strategiesAt(call: number): { readonly site: string; readonly strategy: string }[] {
    return Object.entries(this.schedule.sites ?? {}).map(([site, { strategies }]) => ({
      site,
      strategy: strategies[call]!,
    }));
  }

  /** What a parameter is fed at a call; null where nothing takes it. */
  fedAt(parameter: string, call: number): readonly number[] | null {
    return this.schedule.parameters?.[parameter]?.calls[call] ?? null;
  }
}

export const callsOf = (schedule: ConstructorParameters<typeof CallSequence>[0]): CallSequence =>
  new CallSequence(schedule);
