import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TurnKind } from '../../../src/codec/message.ts';
import type { ConnectionFiles } from '../../../src/ipc/connection-files.ts';
import { bundled } from '../bundled.ts';

/** What a copy of the library in another thread is to do. */
export type CopyTask =
  | { readonly do: 'enter'; readonly kind: TurnKind }
  | { readonly do: 'leave' }
  | { readonly do: 'connect'; readonly files: ConnectionFiles }
  /** Stands still. */
  | { readonly do: 'freeze'; readonly ms: number }
  /** Resolves with how often it met the other kind. */
  | { readonly do: 'stress'; readonly kind: TurnKind; readonly turns: number }
  | { readonly do: 'note'; readonly server: string; readonly bits: bigint }
  | { readonly do: 'end' };

/** A copy of the library in a worker thread, at the first place. */
export class CopyWorker {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** @param inside counts for `stress`, shared by all */
  static async start(inside = new SharedArrayBuffer(12), trackUnmanagedFds = true): Promise<CopyWorker> {
    const program = bundled('copies/copy-worker-main.ts');
    const worker = new Worker(program, { workerData: inside, trackUnmanagedFds });
    await once(worker, 'message');
    return new CopyWorker(worker);
  }

  /** Node's number for its thread. */
  get threadId(): number {
    return this.#worker.threadId;
  }

  async do(task: CopyTask): Promise<number> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(task);
    const [result] = (await answer) as [number];
    return result;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
