import { setTimeout as sleep } from 'node:timers/promises';
import { CmapPeer } from '../test/helpers/corosync/c-peer.ts';
import type { Totals } from './totals.ts';

/** Between two calls. */
const PAUSE_MS = 2;

/** A libcmap client beside ours, which asks for one key all the time: how long it waits is what ours do to others. */
export class Neighbour {
  readonly #totals: Totals;
  readonly #asking: Promise<void>;
  #peer: CmapPeer | undefined;
  #stopping = false;
  #disturbance: string | undefined;
  /** What has happened during the present call. */
  #during = new Set<string>();

  constructor(totals: Totals) {
    this.#totals = totals;
    this.#asking = this.#ask();
  }

  get pid(): number {
    return this.#peer?.pid ?? -1;
  }

  /** Does something to corosync or to our clients: calls that it may have made slow are told apart. */
  async disturb(what: string, action: () => Promise<void>): Promise<void> {
    this.#disturbance = what;
    this.#during.add(what);
    await action();
    this.#disturbance = undefined;
  }

  /** libcmap waits for ever for a server that is gone in the wrong moment: then the process is ended. */
  async startAgain(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    await peer?.stop();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.startAgain();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    while (!this.#stopping) {
      this.#during = new Set(this.#disturbance === undefined ? [] : [this.#disturbance]);
      try {
        this.#peer ??= await CmapPeer.connected();
        const startedAt = performance.now();
        const { code } = await this.#peer.get('totem.version');
        const tookMs = performance.now() - startedAt;
        if (code !== 1) throw new Error(`cmap_get: ${code}`);
        this.#totals.count('calls of the C peer');
        for (const what of this.#during.size === 0 ? ['nothing'] : this.#during) {
          const { worstPeerMs } = this.#totals;
          worstPeerMs[what] = Math.max(worstPeerMs[what] ?? 0, tookMs);
        }
        await sleep(PAUSE_MS);
      } catch {
        this.#totals.count('losses of the C peer');
        const peer = this.#peer;
        this.#peer = undefined;
        await peer?.stop();
        await sleep(50);
      }
    }
  }
}
