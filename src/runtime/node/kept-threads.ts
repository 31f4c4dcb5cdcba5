/** Threads of onnxruntime in a process that is kept to some of the machine's processors (docs/decisions/0056). */
import os from 'node:os';
import type { InferenceSession } from 'onnxruntime-common';

/**
 * As many as this process may run at once; nothing where it may use all processors. By its own choice onnxruntime has a thread for
 * each processor of the machine and binds it to that, also where the process is kept to a few (`taskset`, Slurm, a container's set
 * of processors): of several such processes each then uses those of the others.
 */
export function keptThreads(): Pick<InferenceSession.SessionOptions, 'intraOpNumThreads'> {
  const own = os.availableParallelism();
  return own < os.cpus().length ? { intraOpNumThreads: own } : {};
}
