import type { CsErrorName } from '../../errors/index.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { ServiceConnection } from '../server/service.ts';
import { Trackers } from '../service/trackers.ts';
import { shutdownEvent } from './messages.ts';

/** COROSYNC_CFG_SHUTDOWN_FLAG_* */
const REGARDLESS = 1;
const IMMEDIATE = 2;
/** Milliseconds, unless `cfg.shutdown_timeout` says otherwise. */
const TIMEOUT_MS = 5000;

/** A client of cfg, as its part in shutdowns goes. */
export class ShutdownClient {
  readonly connection: ServiceConnection;
  /** It has asked for a shutdown some time. */
  hasAsked = false;
  reply: 'unknown' | 'yes' | 'no' = 'unknown';

  constructor(connection: ServiceConnection) {
    this.connection = connection;
  }
}

type Answer = (error: CsErrorName) => void;

interface Asking {
  readonly client: ShutdownClient;
  readonly flags: number;
  readonly answer: Answer;
  readonly timer: NodeJS.Timeout;
  expected: number;
  yes: number;
  no: number;
}

/** Whether corosync may end: it asks those who track shutdowns, and counts what they reply. */
export class Shutdown {
  readonly #state: ClusterState;
  readonly #trackers = new Trackers<ShutdownClient>();
  #asking: Asking | undefined;

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** How many connections are asked. */
  get trackers(): number {
    return this.#trackers.all.length;
  }

  /** Answers at once, or `'later'` by `answer`. */
  try(client: ShutdownClient, flags: number, answer: Answer): CsErrorName | 'later' {
    if (flags === IMMEDIATE) return this.#end();
    if (this.#asking !== undefined) return 'CS_ERR_EXIST';
    client.hasAsked = true;
    const others = this.#trackers.all.filter((other) => other !== client);
    if (others.length === 0) return this.#end();
    for (const other of others) other.reply = 'unknown';
    const withinMs = this.#state.keys.integer('cfg.shutdown_timeout') ?? TIMEOUT_MS;
    const timer = setTimeout(() => this.#timeIsOver(), withinMs).unref();
    this.#asking = { client, flags, answer, timer, expected: others.length, yes: 0, no: 0 };
    for (const { connection } of others) connection.send(shutdownEvent(flags, 'CS_OK'));
    return 'later';
  }

  /** Counts a reply, whoever gives it. */
  reply(client: ShutdownClient, agreed: boolean): CsErrorName {
    if (this.#asking === undefined) return 'CS_ERR_ACCESS';
    this.#count(client, agreed);
    return 'CS_OK';
  }

  /** From now on the client is asked, about a shutdown that is under way, too. */
  track(client: ShutdownClient): void {
    if (this.#trackers.has(client)) return;
    this.#trackers.add(client);
    if (this.#asking === undefined) return;
    client.reply = 'unknown';
    this.#asking.expected += 1;
    client.connection.send(shutdownEvent(this.#asking.flags, 'CS_OK'));
  }

  /** The client is asked no more: who leaves agrees. A shutdown that it has asked for itself is off, and is never answered. */
  untrack(client: ShutdownClient): void {
    if (this.#asking?.client === client) this.close();
    if (!this.#trackers.delete(client)) return;
    if (this.#asking === undefined) return;
    if (client.reply === 'yes') this.#asking.yes -= 1;
    if (client.reply === 'no') this.#asking.no -= 1;
    this.#count(client, true);
  }

  close(): void {
    clearTimeout(this.#asking?.timer);
    this.#asking = undefined;
  }

  #end(): CsErrorName {
    this.#state.totem.send(() => this.#state.shutDown());
    return 'CS_OK';
  }

  #count(client: ShutdownClient, agreed: boolean): void {
    if (this.#asking === undefined) return;
    client.reply = agreed ? 'yes' : 'no';
    this.#asking[client.reply] += 1;
    this.#decide(this.#asking);
  }

  #decide({ flags, answer, expected, yes, no }: Asking): void {
    if (yes + no < expected) return;
    this.close();
    const agreed = yes >= expected || flags === REGARDLESS;
    answer(agreed ? 'CS_OK' : 'CS_ERR_BUSY');
    if (agreed) this.#end();
  }

  /** Those who have not replied refuse. Those who have asked for a shutdown themselves some time are told that it is over. */
  #timeIsOver(): void {
    if (this.#asking === undefined) return;
    const { flags } = this.#asking;
    this.#asking.no = this.#asking.expected;
    this.#decide(this.#asking);
    for (const { hasAsked, connection } of this.#trackers.all) {
      if (hasAsked) connection.send(shutdownEvent(flags, 'CS_ERR_TIMEOUT'));
    }
  }
}
