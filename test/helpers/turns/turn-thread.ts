import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { bundled } from '../bundled.ts';

/** What our client in another thread is to do. Times are those of `Date.now`. */
export type ThreadTask =
  | { readonly do: 'list'; readonly changing: number; readonly until: number }
  | { readonly do: 'change'; readonly from: number; readonly until: number }
  | { readonly do: 'set'; readonly key: string }
  | { readonly do: 'track'; readonly key: string }
  | { readonly do: 'close' };

/** Our client in a worker thread, connected. */
export class TurnThread {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(): Promise<TurnThread> {
    const worker = new Worker(bundled('turns/turn-thread-main.ts'));
    await once(worker, 'message');
    return new TurnThread(worker);
  }

  /** Resolves with what came of it; rejects if the thread failed. */
  async do(task: ThreadTask): Promise<number | string> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(task);
    const [result] = (await answer) as [number | string];
    return result;
  }

  /** Ends the thread wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
