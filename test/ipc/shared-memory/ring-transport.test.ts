import { describe, expect, it } from 'vitest';
import { EventRing } from '../../../src/ipc/shared-memory/event-ring.ts';
import { RequestRing } from '../../../src/ipc/shared-memory/request-ring.ts';
import { ResponseRing } from '../../../src/ipc/shared-memory/response-ring.ts';
import { RingTransport } from '../../../src/ipc/shared-memory/ring-transport.ts';
import type { SetupSocket } from '../../../src/ipc/setup-socket.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';

const WORDS = 2 ** 18;

/** A transport whose stream socket is the test; events are written with `server`. */
function open(): { server: LibqbRing; arrive: (bytes: number) => number; told: string[] } {
  const events = new MemoryRing(WORDS);
  let arrive: (bytes: number) => number = () => expect.unreachable();
  const setup = {
    listen: (onEventBytes: typeof arrive) => (arrive = onEventBytes),
  };
  const transport = new RingTransport({
    setup: setup as unknown as SetupSocket,
    requests: new RequestRing(new MemoryRing(WORDS)),
    responses: new ResponseRing(new MemoryRing(WORDS)),
    events: new EventRing(events),
    maxMessageSize: WORDS,
    removeLeftovers: () => undefined,
  });
  const told: string[] = [];
  transport.listen({
    onEvent: () => told.push('event'),
    onDrained: () => told.push('drained'),
    onFailure: () => told.push('failure'),
    onBehind: (behind) => told.push(`behind ${behind}`),
    onLost: () => told.push('lost'),
  });
  return { server: new LibqbRing(events), arrive: (bytes) => arrive(bytes), told };
}

describe('RingTransport', () => {
  it('lets the socket rest in a flood of events, and hands them all on', () => {
    const { server, arrive, told } = open();
    const count = 300;
    let rests = 0;
    // However slow this machine is now and then: for a while it is quick enough.
    for (let round = 0; round < 1000 && rests === 0; round++) {
      for (let i = 0; i < count; i++) expect(server.write(Buffer.alloc(24))).toBe(true);
      rests += arrive(count);
      expect(told.splice(0)).toEqual([...new Array<string>(count).fill('event'), 'drained']);
    }
    expect(rests).toBe(1);
  });

  it('does not let the socket rest after a failure', () => {
    const { arrive, told } = open();
    expect(arrive(1)).toBe(0);
    expect(told).toEqual(['drained', 'failure']);
  });
});
