import { RING_HEADER } from '../../codec/ring-layout.ts';
import type { ChunkLies } from './libqb-ring.ts';
import type { RingDirectory } from './ring-directory.ts';
import { ServerChannels } from './server-channels.ts';
import type { OutgoingChannel, ServerTransport } from './server-transport.ts';

/** Three rings in shared memory. */
export class RingTransport extends ServerChannels implements ServerTransport {
  readonly welcome: ServerTransport['welcome'];
  readonly announcesEvents = true;
  readonly #directory: RingDirectory;

  constructor(directory: RingDirectory, maxMessageSize: number) {
    super(directory.createRings(maxMessageSize));
    this.#directory = directory;
    this.welcome = { connectionType: 1, ...directory.ringNames };
  }

  get directory(): string {
    return this.#directory.path;
  }

  setFlowControl(value: number): void {
    this.request.storage.writeHeader(RING_HEADER.flowControl, value);
  }

  commit(channel: OutgoingChannel, message: Uint8Array, lies?: ChunkLies): boolean {
    return this[channel].commit(message, lies);
  }

  post(channel: OutgoingChannel): void {
    this[channel].post();
  }

  remove(): void {
    for (const ring of [this.response, this.event, this.request]) ring.release();
    this.#directory.remove();
    this.close();
  }
}
