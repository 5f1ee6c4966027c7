import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts a TypeScript program of test/helpers in a worker thread. */
export function startThread(program: URL, options: WorkerOptions): Worker {
  const url = JSON.stringify(program.href);
  const start = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${url}, ${url}))`;
  return new Worker(start, { ...options, eval: true });
}
