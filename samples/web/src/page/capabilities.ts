/** What this browser can run models on. */

export interface Capabilities {
  /** The page may share memory between threads. */
  readonly isolated: boolean;
  /** Threads that wasm may use. */
  readonly threads: number;
  /** Undefined where WebGPU works. */
  readonly noGpu: string | undefined;
}

const MOST_THREADS = 4;

export async function findCapabilities(): Promise<Capabilities> {
  const isolated = globalThis.crossOriginIsolated === true && 'SharedArrayBuffer' in globalThis;
  return {
    isolated,
    threads: isolated ? Math.max(1, Math.min(navigator.hardwareConcurrency, MOST_THREADS)) : 1,
    noGpu: await whyNoGpu(),
  };
}

async function whyNoGpu(): Promise<string | undefined> {
  if (!navigator.gpu) return 'this browser has no WebGPU';
  try {
    return (await navigator.gpu.requestAdapter()) ? undefined : 'WebGPU finds no adapter';
  } catch (error) {
    return `WebGPU fails: ${(error as Error).message}`;
  }
}

/** In words, for the head of the page. */
export function describe({ isolated, threads, noGpu }: Capabilities): string {
  const wasm = isolated
    ? `wasm on up to ${threads} thread${threads === 1 ? '' : 's'}`
    : 'wasm on one thread, since the page is not served with the headers that allow SharedArrayBuffer';
  return `onnxruntime-web here: ${wasm}; ${noGpu === undefined ? 'WebGPU' : `no WebGPU (${noGpu})`}.`;
}

/** Backends by name: `wasm-1`, `wasm-2`, `webgpu`. */
export function backends({ threads, noGpu }: Capabilities) {
  const counts = [...new Set([1, threads])];
  return [
    ...counts.map((n) => ({ value: `wasm-${n}`, text: `wasm, ${n} thread${n === 1 ? '' : 's'}` })),
    {
      value: 'webgpu',
      text: noGpu === undefined ? 'WebGPU' : `WebGPU (${noGpu})`,
      disabled: noGpu !== undefined,
    },
  ];
}
