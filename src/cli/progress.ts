/** Progress on stderr: only on a terminal, and never beside JSON. */
import { Presets, SingleBar } from 'cli-progress';
import { visible } from '../errors/index.js';

export interface Progress {
  update(done: number, total: number, what?: string): void;
  stop(): void;
}

const SILENT: Progress = { update() {}, stop() {} };

export function startProgress(what: string, quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return SILENT;
  const bar = new SingleBar(
    {
      format: '{what} {bar} {percentage}% {eta_formatted}',
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_grey,
  );
  let started = false;
  return {
    update(done, total, now = what) {
      if (!started) bar.start(total, done, { what: visible(now) });
      else {
        bar.setTotal(total);
        bar.update(done, { what: visible(now) });
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

export interface Status {
  /** @param share that is done of it, from 0 to 1, where that is known: then the time that is left is shown too */
  show(what: string, share?: number): void;
  /** A line that stays, whoever reads. */
  note(text: string): void;
  stop(): void;
}

/** A line that says what is being done, for steps whose number need not be known. */
export function startStatus(quiet: boolean): Status {
  const note = (text: string) => process.stderr.write(`${visible(text)}\n`);
  if (quiet || !process.stderr.isTTY) return { show() {}, note, stop() {} };
  const write = (text: string) => process.stderr.write(`\r\x1b[2K${text}`);
  const stop = () => write('');
  const left = new TimeLeft();
  return {
    show(what, share) {
      const done = share === undefined ? '' : ` ${Math.floor(100 * share)} %${left.at(share)}`;
      const most = (process.stderr.columns ?? 80) - done.length - 3;
      const text = visible(what);
      // a line that is wrapped cannot be taken back
      write(`${text.length > most ? `${text.slice(0, most - 1)}…` : text} …${done}`);
    },
    note: (text) => {
      stop();
      note(text);
    },
    stop,
  };
}

/** Shares below this say too little of how long the rest takes. */
const TELLING = 0.02;

/** Worked out from the share that is done; begins anew where less is done than before, as with the next thing. */
class TimeLeft {
  #start = { time: 0, share: 1 };
  #share = 1;

  at(share: number): string {
    const now = performance.now();
    if (share < this.#share) this.#start = { time: now, share };
    this.#share = share;
    const done = share - this.#start.share;
    if (done < TELLING || share >= 1) return '';
    const seconds = ((now - this.#start.time) / 1000) * ((1 - share) / done);
    return `, ${durationText(seconds)} left`;
  }
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
