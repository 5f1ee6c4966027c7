import { describe, expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { readGoldenFile, type Exchange } from '../golden/golden-file.ts';
import {
  build,
  connectionResponse,
  differences,
  type MessageFields,
} from '../helpers/wire/message-builder.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** What was there before the capture began. */
const CONTENTS = {
  entries: { 'totem.cluster_name': { type: 'string', value: 'private' } },
  stats: { 'stats.ipcs.global.closed': { type: 'uint64', value: 4n } },
} as const;

const isHandshake = ({ requestFields }: Exchange): boolean => requestFields.message === 'connectionRequest';
const calls = readGoldenFile().exchanges.filter((exchange) => !isHandshake(exchange));

/** Handles of the capture, with what the fake gave instead. */
type HandleMap = Map<string, string>;

function withOurHandles(fields: MessageFields, handles: HandleMap): MessageFields {
  const ours = (handle: string): string => handles.get(handle) ?? handle;
  if ('iterHandle' in fields) return { ...fields, iterHandle: ours(fields.iterHandle) };
  if ('trackHandle' in fields) return { ...fields, trackHandle: ours(fields.trackHandle) };
  return fields;
}

/** A new handle is the server's to choose; everything else is determined. */
function learnHandle({ responseFields }: Exchange, response: Buffer, handles: HandleMap): void {
  const ours = String(response.length === 32 ? response.readBigUInt64LE(24) : 0n);
  if (responseFields.message === 'resCmapIterInit') handles.set(responseFields.iterHandle, ours);
  if (responseFields.message === 'resCmapTrackAdd') handles.set(responseFields.trackHandle, ours);
}

describe('what real exchanges with corosync had for answers', () => {
  it('the fake answers too, byte for byte, and notifies so', async () => {
    await using fake = await FakeCorosync.start(CONTENTS);
    let connection = await RawConnection.connect(fake.connectOptions);
    const handles: HandleMap = new Map();
    let events = 0;
    for (const exchange of calls) {
      const { name, requestFields, responseFields, eventFields } = exchange;
      if (requestFields.message === 'reqCmapSetCurrentMap') {
        await connection[Symbol.asyncDispose]();
        connection = await RawConnection.connect(fake.connectOptions);
        events = 0;
      }
      const { bytes } = await connection.send(withOurHandles(requestFields, handles));
      learnHandle(exchange, bytes, handles);
      const answer = build(withOurHandles(responseFields, handles));
      expect({ name, differences: differences(bytes, answer) }).toEqual({ name, differences: [] });
      if (eventFields !== undefined) {
        events += 1;
        await waitUntil(`notification of ${name}`, () => connection.events.length === events, { everyMs: 1 });
        const event = connection.events.at(-1) ?? Buffer.alloc(0);
        expect({ name, differences: differences(event, build(eventFields)) }).toEqual({
          name,
          differences: [],
        });
      }
    }
    expect(connection.events).toHaveLength(events);
    await connection[Symbol.asyncDispose]();
    expect(calls.length).toBeGreaterThan(80);
  });

  it('the handshake answers so, but for the paths', async () => {
    await using fake = await FakeCorosync.start();
    let answer = Buffer.alloc(0);
    fake.faults.add({
      when: { step: 'welcome' },
      do: {
        change: (bytes) => {
          answer = Buffer.from(bytes);
          return bytes;
        },
      },
    });
    await using connection = await RawConnection.connect(fake.connectOptions);
    const directory = fake.clients[0]?.ringDirectory.split('/').at(-1) ?? '';
    const golden = readGoldenFile().exchanges.find(({ name }) => name === 'handshake');
    if (golden?.responseFields.message !== 'connectionResponse')
      throw new Error('the golden exchange is missing');
    const expected = connectionResponse({
      ...golden.responseFields,
      connection: '0',
      request: `/dev/shm/${directory}/qb-request-cmap`,
      response: `/dev/shm/${directory}/qb-response-cmap`,
      event: `/dev/shm/${directory}/qb-event-cmap`,
    });
    expect(differences(answer, expected)).toEqual([]);
    expect(connection.events).toEqual([]);
  });
});
