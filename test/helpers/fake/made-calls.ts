import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CallTrace } from '../../../src/index.ts';

/** What is called, in order. */
export class MadeCalls implements Disposable {
  readonly made: string[] = [];
  readonly #listener = (message: unknown): void => void this.made.push((message as CallTrace).operation);

  constructor() {
    subscribe('tracing:corosync-client:call:start', this.#listener);
  }

  count(operation: string): number {
    return this.made.filter((made) => made === operation).length;
  }

  [Symbol.dispose](): void {
    unsubscribe('tracing:corosync-client:call:start', this.#listener);
  }
}
