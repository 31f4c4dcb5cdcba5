/** onnxruntime-web, the build that a backend needs. Its wasm lies in `ort/` beside the page. */
import type { Engine, ScheduledSessionOptions } from 'stepfold/runtime';

export interface LoadedEngine {
  readonly ort: Engine;
  /** For sessions of plain models, and for those of a schedule. */
  readonly options: Pick<ScheduledSessionOptions, 'sessionOptions' | 'stateLocation'>;
}

/**
 * @param backend `wasm-<threads>` or `webgpu`
 * @param base address of the page
 */
export async function loadEngine(backend: string, base: string): Promise<LoadedEngine> {
  const ort = await (backend === 'webgpu'
    ? import('onnxruntime-web/webgpu')
    : import('onnxruntime-web/wasm'));
  ort.env.wasm.wasmPaths = new URL('ort/', base).href;
  ort.env.wasm.numThreads = Number(/^wasm-(\d+)$/.exec(backend)?.[1] ?? 1);
  ort.env.logLevel = 'error';
  return {
    ort: ort as unknown as Engine,
    options:
      backend === 'webgpu'
        ? // states never leave the device between calls
          {
            sessionOptions: { executionProviders: ['webgpu'], logSeverityLevel: 3 },
            stateLocation: 'gpu-buffer',
          }
        : { sessionOptions: { executionProviders: ['wasm'], logSeverityLevel: 3 } },
  };
}
