import {
  CmapSession,
  type CmapValue,
  type CmapConnectOptions,
  type CmapFollowEvent,
} from '../../../src/index.ts';
import type { MembershipChange } from './cluster-node.ts';

/** What our client beside one node was told, across restarts of its corosync. */
export class ClusterWatch {
  /** For calls beside the followers. */
  readonly session: CmapSession;
  readonly #stats: CmapSession;
  readonly #pictures = new Map<string, Map<string, CmapValue>>();
  readonly #events: CmapFollowEvent[] = [];
  #mark = 0;

  constructor(options: CmapConnectOptions) {
    const backOff = { firstDelayMs: 50, maxDelayMs: 500 };
    this.session = CmapSession.open({ ...options, backOff, timeoutMs: 10_000 });
    this.#stats = CmapSession.open({ ...options, map: 'stats', backOff, timeoutMs: 10_000 });
    for (const prefix of ['runtime.members.', 'config.', 'totem.']) this.#follow(this.session, prefix);
    this.#follow(this.#stats, 'stats.knet.');
  }

  /** Resolves when both are connected, and every follower is up to date. */
  async connected(): Promise<void> {
    await Promise.all([this.session.ready(), this.#stats.ready()]);
  }

  /** What was told below a prefix, added up: what a reader that only listens believes to be there. */
  picture(prefix: string): Map<string, CmapValue> {
    return new Map(this.#pictures.get(prefix));
  }

  /** From here on `events` looks. */
  mark(): void {
    this.#mark = this.#events.length;
  }

  get events(): readonly CmapFollowEvent[] {
    return this.#events.slice(this.#mark);
  }

  /** The membership changes that corosync told, not those that were found by comparing after a reconnect. */
  toldChanges(): MembershipChange[] {
    return this.#changes(/^runtime\.members\.(\d+)\.status$/).map(
      ([id, value]): MembershipChange => `${value === 'joined' ? 'joined' : 'left'} ${Number(id)}`,
    );
  }

  /** Each change of a link's state, as in `3 link 0 down`: that of this node to node 3. */
  toldLinks(): string[] {
    return this.#changes(/^stats\.knet\.node(\d+\.link\d+)\.connected$/).map(
      ([link, value]) => `${link.replace('.link', ' link ')} ${value === 1 ? 'up' : 'down'}`,
    );
  }

  /** The values that a key went through, `undefined` where it was deleted. */
  values(key: string): (CmapValue['value'] | undefined)[] {
    return this.events.flatMap((event) =>
      event.kind === 'notification' && event.key === key ? [event.newValue?.value] : [],
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.session.close(), this.#stats.close()]);
  }

  #changes(pattern: RegExp): [string, CmapValue['value'] | undefined][] {
    return this.events.flatMap((event): [string, CmapValue['value'] | undefined][] => {
      if (event.kind !== 'notification' || event.synthetic) return [];
      const [, name] = pattern.exec(event.key) ?? [];
      return name === undefined ? [] : [[name, event.newValue?.value]];
    });
  }

  #follow(session: CmapSession, prefix: string): void {
    const picture = new Map<string, CmapValue>();
    this.#pictures.set(prefix, picture);
    session.follow(prefix, {
      prefix: true,
      listener: (event) => {
        this.#events.push(event);
        apply(event, picture);
      },
    });
  }
}

function apply(event: CmapFollowEvent, picture: Map<string, CmapValue>): void {
  if (event.kind === 'snapshot') for (const { key, value } of event.entries) picture.set(key, value);
  if (event.kind !== 'notification') return;
  if (event.newValue === undefined) picture.delete(event.key);
  else picture.set(event.key, event.newValue);
}
