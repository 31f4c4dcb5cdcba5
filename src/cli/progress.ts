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
  show(what: string): void;
  /** A line that stays, whoever reads. */
  note(text: string): void;
  stop(): void;
}

/** A line that says what is being done, for steps whose number is not known. */
export function startStatus(quiet: boolean): Status {
  const note = (text: string) => process.stderr.write(`${visible(text)}\n`);
  if (quiet || !process.stderr.isTTY) return { show() {}, note, stop() {} };
  const write = (text: string) => process.stderr.write(`\r\x1b[2K${text}`);
  const stop = () => write('');
  return {
    show: (what) => write(`${visible(what)} …`),
    note: (text) => {
      stop();
      note(text);
    },
    stop,
  };
}
