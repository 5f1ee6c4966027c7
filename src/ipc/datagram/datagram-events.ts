import type { EventChannel } from '../event-backlog.ts';
import type { DatagramControl } from './datagram-control.ts';
import { kernelCost } from './kernel-cost.ts';

/** What the kernel keeps of one sender for a socket that is not read. */
export interface DatagramRoom {
  /** Datagrams that wait at one socket. */
  readonly queueLength: number;
  /** SO_SNDBUF of the sender, in bytes. */
  readonly sendBufferSize: number;
}

/** The events of a connection in datagrams, counted beside corosync's own count. */
export class DatagramEvents implements EventChannel {
  readonly #control: Pick<DatagramControl, 'eventsSent'>;
  readonly #limits: DatagramRoom;
  #taken = 0;
  #largest = 0;
  /** The most that has waited since nothing did. */
  #peak = 0;

  constructor(control: Pick<DatagramControl, 'eventsSent'>, limits: DatagramRoom) {
    this.#control = control;
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** corosync counts an event after it has sent it, in 32 bits. */
  written(): number {
    return this.#taken + Math.max((this.#control.eventsSent() - this.#taken) | 0, 0);
  }

  /** As many as wait at most, or as many of the largest as a sender's buffer holds. */
  get room(): number {
    const { queueLength, sendBufferSize } = this.#limits;
    return Math.min(queueLength, Math.max(Math.floor(sendBufferSize / kernelCost(this.#largest)), 1));
  }

  /** Counts one that has come: how many there were at most, and how many are left. */
  take(bytes: number): { held: number; left: number } {
    const written = this.written();
    const held = Math.max(written - this.#taken, this.#peak);
    this.#largest = Math.max(this.#largest, bytes);
    this.#taken += 1;
    const left = Math.max(written - this.#taken, 0);
    this.#peak = left === 0 ? 0 : held;
    return { held, left };
  }
}
