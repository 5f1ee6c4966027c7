import type { ConnectionError } from '../../../src/errors/index.ts';
import type { ConnectionListener } from '../../../src/ipc/index.ts';

/** Remembers what it hears. */
export interface FakeListener extends ConnectionListener {
  readonly events: Buffer[];
  readonly closed: (ConnectionError | undefined)[];
}

export function fakeListener(): FakeListener {
  const [events, closed]: [Buffer[], (ConnectionError | undefined)[]] = [[], []];
  return {
    events,
    closed,
    onEvent: (event) => void events.push(Buffer.from(event.copy(0, event.length))),
    onDrained: () => undefined,
    onClosed: (error) => void closed.push(error),
  };
}
