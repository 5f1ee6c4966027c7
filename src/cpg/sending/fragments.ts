import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, CsError } from '../../errors/index.ts';
import type { ServiceClient } from '../../service/index.ts';
import { OwnFragment, type LargeMessage } from './own-message.ts';
import type { OwnWindow } from './own-window.ts';

/** Bytes of a fragment: much larger ones make late readers slow, much smaller ones are slow themselves. Over datagrams a message must fit one. */
const FRAGMENT_BYTES = { 'shared-memory': 250_000, socket: 60_000 } as const;

/** So many between the first and the last go out in one batch. Whether corosync has taken them is known before the next ones go. */
const TOGETHER = 4;

/** So often a message begins again: when the group has changed in the middle of it, or corosync had no room. */
const MOST_RESTARTS = 30;

/** Milliseconds before it begins again, from the second time on: twice as long each time. corosync logs each fragment that it refuses. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [10, 500];

/** Sends messages in fragments. */
export class FragmentSender {
  readonly #service: ServiceClient;
  readonly #group: string;
  readonly #window: OwnWindow;
  /** Of the message that goes out. */
  #stopping = new AbortController();
  readonly #connectionOver = new AbortController();

  constructor(service: ServiceClient, group: string, window: OwnWindow) {
    this.#service = service;
    this.#group = group;
    this.#window = window;
    void service.whenClosed().then(() => this.#connectionOver.abort());
  }

  /** Gives up the message that goes out: nobody waits any more for the answers of fragments that are under way, and no other goes out. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Resolves when corosync has taken the last fragment. Nothing else of ours is sent meanwhile.
   * @throws CsError `sent` says whether the message as a whole may have gone out
   */
  async send(message: LargeMessage): Promise<void> {
    this.#stopping = new AbortController();
    for (let restarts = 0; ; restarts += 1) {
      message.restarts = restarts;
      const failure = await this.#attempt(message);
      if (failure === undefined) return;
      if (failure.code !== 'CS_ERR_INTERRUPT' && failure.code !== 'CS_ERR_TRY_AGAIN') throw failure;
      if (restarts === MOST_RESTARTS) throw this.#neverWhole(failure);
      if (restarts > 0) await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** (restarts - 1), LONGEST_PAUSE_MS));
    }
  }

  /** Ends with the connection. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#connectionOver.signal }).catch(() => undefined);
  }

  /** From the first fragment to the last, or until one fails. */
  async #attempt(message: LargeMessage): Promise<CsError | undefined> {
    for (const fragments of this.#batches(message)) {
      const failure = await this.#sendTogether(fragments);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /**
   * The first and the last go alone: corosync may refuse one and take the next. Continued behind a first that it has refused would overrun the buffer of a
   * receiver on libcpg, and a last one behind a gap would make him deliver what is not whole.
   */
  *#batches(message: LargeMessage): Generator<readonly OwnFragment[], void> {
    const each = FRAGMENT_BYTES[this.#service.transport];
    const lastAt = Math.floor((message.length - 1) / each) * each;
    yield [this.#fragment(message, 0, each)];
    for (let at = each; at < lastAt; at += TOGETHER * each) {
      const count = Math.min(TOGETHER, (lastAt - at) / each);
      yield Array.from({ length: count }, (_, index) => this.#fragment(message, at + index * each, each));
    }
    yield [this.#fragment(message, lastAt, each)];
  }

  #fragment(message: LargeMessage, at: number, most: number): OwnFragment {
    const { bytes, length } = message;
    const end = Math.min(at + most, length);
    const part = at === 0 ? 'first' : end === length ? 'last' : 'continued';
    const fragment = { part, messageLength: length, bytes: bytes.subarray(at, end) } as const;
    if (fragment.bytes.length < end - at) throw this.#hasShrunk(length);
    return new OwnFragment(this.#group, message, fragment, this.#window);
  }

  /** All answers count: corosync may take what follows a fragment that it has refused. */
  async #sendTogether(fragments: readonly OwnFragment[]): Promise<CsError | undefined> {
    const answers = await Promise.all(fragments.map((fragment) => this.#sendOne(fragment)));
    const failure = answers.find((answer) => answer !== undefined);
    const isWhole = fragments.at(-1)?.isLast === true;
    // What is not whole has no effect: its receivers drop it when the next one begins, or we are gone.
    return failure === undefined || isWhole ? failure : withoutEffect(failure);
  }

  async #sendOne(fragment: OwnFragment): Promise<CsError | undefined> {
    try {
      await this.#service.submit(fragment, { timeoutMs: Infinity, signal: this.#stopping.signal });
      return undefined;
    } catch (error) {
      if (!(error instanceof CsError)) throw error;
      this.#window.refused(fragment);
      return isRefusal(error) ? withoutEffect(error) : error;
    }
  }

  /** Fragments that do not make the message would have its receivers on libcpg tell what was in their memory. */
  #hasShrunk(length: number): CsError {
    const detail = `the buffer of the message has shrunk while it was sent: it had ${length} bytes; it is not sent`;
    return new CsError('CS_ERR_INVALID_PARAM', { operation: 'cpg_mcast_joined', key: this.#group, detail });
  }

  #neverWhole(cause: CsError): CsError {
    const detail = `the message had to begin again ${MOST_RESTARTS} times, and is given up; last: ${cause.detail ?? cause.message}`;
    return new CsError(cause.code, { operation: cause.operation, key: this.#group, detail, cause });
  }
}

/** Whether corosync has answered so. Where the answer is lost with the connection, the request may have been handled. */
function isRefusal(error: CsError): boolean {
  return error.sent === 'yes' && !(error instanceof ConnectionError);
}

function withoutEffect(error: CsError): CsError {
  const { code, operation, key, errno, detail, cause } = error;
  const context = { operation, key, errno, detail, cause, sent: 'no' } as const;
  return error instanceof ConnectionError ? new ConnectionError(code, context) : new CsError(code, context);
}
