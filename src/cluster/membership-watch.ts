import type {
  QuorumClient,
  QuorumNodelistEvent,
  QuorumQuorumEvent,
  QuorumTrackEvent,
} from '../quorum/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { heard } from './heard.ts';
import type { ClusterReports } from './reports.ts';

/** Membership and quorum, as corosync has told of them last; and whether it tells of changes meanwhile. */
export class MembershipWatch {
  readonly #quorum: QuorumClient;
  #nodelist: QuorumNodelistEvent | undefined;
  #last: QuorumQuorumEvent | undefined;
  #changes = 0;

  private constructor(quorum: QuorumClient) {
    this.#quorum = quorum;
  }

  /**
   * Knows what holds when it resolves. It ends with its connection.
   * @param changed called after each event, those that tell what holds among them
   */
  static async start(
    quorum: QuorumClient,
    options: CallOptions,
    changed: (event: QuorumTrackEvent) => void = () => undefined,
  ): Promise<MembershipWatch> {
    const watch = new MembershipWatch(quorum);
    await quorum.track({
      ...options,
      listener: (event) => {
        watch.#changes += 1;
        if (event.kind === 'nodelist') watch.#nodelist = event;
        if (event.kind === 'quorum') watch.#last = event;
        changed(event);
      },
    });
    return watch;
  }

  /** Of the events that have been told: it grows. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Whether quorum is known of the present membership: it is told later. Without a provider it is never told, and corosync before 3.1.0 tells of
   * both at once.
   */
  get settled(): boolean {
    if (this.#quorum.type === 'free' || this.#nodelist === undefined) return true;
    return this.#last?.ringId.seq === this.#nodelist.ringId.seq;
  }

  get report(): Pick<ClusterReports, 'quorate' | 'membership'> {
    const quorate = this.#last?.quorate ?? false;
    if (this.#nodelist !== undefined) {
      const { ringId, members } = this.#nodelist;
      return { quorate, membership: { ring: ringId, members } };
    }
    // Without a provider of quorum, this event is empty.
    if (this.#last === undefined || this.#last.members.length === 0) return { quorate, membership: {} };
    return { quorate, membership: { ring: this.#last.ringId, members: this.#last.members } };
  }

  /** Resolves when all is heard that corosync had told by the time of the call. */
  async caughtUp(options: CallOptions): Promise<void> {
    await this.#quorum.getQuorate(options);
    await heard();
  }
}
