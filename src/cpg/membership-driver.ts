import type { CpgAddress } from '../codec/cpg/address.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import type { FollowerDriver } from '../session/index.ts';
import { without } from './addresses.ts';
import type { CpgClient } from './cpg-client.ts';
import type { CpgEvent, CpgMembershipEvent } from './cpg-events.ts';
import type { EventStream, ReaderWatch } from './event-stream.ts';
import type { CpgGroupEvent } from './group-events.ts';
import type { EventSink } from './group-member.ts';
import type { MemberOptions } from './member-options.ts';

/** Joins the group on each connection, and tells what comes of it. */
export class MembershipDriver implements FollowerDriver<CpgClient> {
  readonly #options: MemberOptions;
  readonly #stream: EventStream<CpgGroupEvent>;
  readonly #onEnd: (error: Error) => void;
  /** On the present connection; what another one tells does not count any more. */
  #attachment: Attachment | undefined;
  #address: CpgAddress | undefined;
  /** Since when there is none, and who was there then. */
  #loss: { readonly at: number; readonly members: readonly CpgAddress[] } | undefined;

  /** @param onEnd we cannot be a member, and it is no use to try again */
  constructor(options: MemberOptions, stream: EventStream<CpgGroupEvent>, onEnd: (error: Error) => void) {
    this.#options = options;
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  /** Who is in the group, as far as was told; `undefined` while we are not. */
  get members(): readonly CpgAddress[] | undefined {
    return this.#attachment?.members;
  }

  /** Who we are, or were last; `undefined` before the first joining. */
  get address(): CpgAddress | undefined {
    return this.#address;
  }

  async attach(client: CpgClient): Promise<void> {
    const attachment = new Attachment(this.#stream, this.#onEnd, (event) => {
      this.#address = client.address;
      return this.#ownJoining(event);
    });
    this.#attachment = attachment;
    try {
      await client.joinInto(this.#options, attachment);
    } catch (error) {
      // Our own place of before may not be free yet.
      const mayPass = this.#loss !== undefined && error instanceof CsError && error.code === 'CS_ERR_EXIST';
      if (mayPass) client.destroy(error);
      else throw error;
    }
  }

  lost(error: ConnectionError): void {
    const members = this.#attachment?.members;
    this.#attachment = undefined;
    if (members === undefined) return;
    this.#loss = { at: performance.now(), members };
    this.#stream.push({ kind: 'lost', error });
  }

  end(error?: Error): void {
    this.#attachment = undefined;
    if (error === undefined) this.#stream.end();
    else this.#onEnd(error);
  }

  #ownJoining({ members, joined }: CpgMembershipEvent): CpgGroupEvent {
    if (this.#loss === undefined) return { kind: 'joined', members, joined };
    const { at, members: before } = this.#loss;
    const ms = Math.round(performance.now() - at);
    const gap = { ms, gone: without(before, members), come: without(members, before) };
    return { kind: 'rejoined', members, joined, gap };
  }
}

/** What one connection tells. */
class Attachment implements EventSink {
  members: readonly CpgAddress[] | undefined;
  readonly #stream: EventStream<CpgGroupEvent>;
  readonly #onEnd: (error: Error) => void;
  readonly #ownJoining: (event: CpgMembershipEvent) => CpgGroupEvent;

  constructor(
    stream: EventStream<CpgGroupEvent>,
    onEnd: (error: Error) => void,
    ownJoining: (event: CpgMembershipEvent) => CpgGroupEvent,
  ) {
    this.#stream = stream;
    this.#onEnd = onEnd;
    this.#ownJoining = ownJoining;
  }

  watch(watch: ReaderWatch): void {
    this.#stream.watch(watch);
  }

  push(event: CpgEvent): void {
    if (event.kind !== 'membership') return this.#stream.push(event);
    const isOwnJoining = this.members === undefined;
    this.members = event.members;
    this.#stream.push(isOwnJoining ? this.#ownJoining(event) : event);
  }

  /** The end of a connection is no end, but where the reader is too slow for any. */
  end(error?: Error): void {
    if (error instanceof ConnectionError && error.code === 'CS_ERR_NO_SPACE') this.#onEnd(error);
  }
}
