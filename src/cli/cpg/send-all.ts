import type { CpgUser } from '../cluster/connector.ts';

/** Bytes of messages that may wait to be sent before more are read. */
const MOST_WAITING = 1024 * 1024;
/** What a message takes beside its bytes, about: short lines are many. */
const MESSAGE_BYTES = 256;

/** Sends them in their order, many at a time. */
export async function sendAll(
  client: Pick<CpgUser, 'mcast'>,
  messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  let last = Promise.resolve();
  let failed: Promise<void> | undefined;
  let waiting = 0;
  for await (const message of messages) {
    const sent = client.mcast(message);
    last = sent.catch(() => void (failed ??= sent));
    waiting += message.length + MESSAGE_BYTES;
    if (waiting > MOST_WAITING) {
      await last;
      waiting = 0;
    }
    if (failed !== undefined) break;
  }
  await last;
  await failed;
}
