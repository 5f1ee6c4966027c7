import { expect, it } from 'vitest';
import { connectIpc, type IpcConnection } from '../../src/ipc/index.ts';
import { fakeListener, type FakeListener } from '../helpers/fake/fake-listener.ts';
import { datagramNames, sendAsNobody } from '../helpers/integration/integration-datagram-sender.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { cfg, cpg, CPG_BUFFER_SIZE, CPG_EVENT, deliveredData } from '../helpers/wire/raw-requests.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const PATIENT = { timeoutMs: 20_000 };
const GROUP = 'transport-test';

function connect(service: 'cfg' | 'cpg', bufferSize: number, hears: FakeListener): Promise<IpcConnection> {
  return connectIpc(
    {
      service,
      bufferSize,
      socketDirectory: undefined,
      sharedMemoryDirectory: undefined,
      signal: undefined,
      timeoutMs: 10_000,
      tryAgainAttempts: 50,
      tryAgainDelayMs: 100,
    },
    hears,
    { message: { cfg, cpg }[service].localGet(), needed: 'datagrams' },
  );
}

const eventsOf = (hears: FakeListener, id: number): Buffer[] =>
  hears.events.filter((event) => event.readInt32LE(0) === id);

/** A member of a group of one; it leaves in good order. */
async function inGroup(
  use: (connection: IpcConnection, hears: FakeListener) => Promise<void>,
): Promise<void> {
  const hears = fakeListener();
  const connection = await connect('cpg', CPG_BUFFER_SIZE, hears);
  await connection.submit(cpg.join(GROUP), PATIENT);
  // Nothing may be sent before: a connection that is new does not know yet whether corosync has room.
  await waitUntil('we have joined', () => eventsOf(hears, CPG_EVENT.configurationChange).length > 0);
  await use(connection, hears);
  await connection.submit(cpg.leave(GROUP), PATIENT);
  await waitUntil('we have left', () => eventsOf(hears, CPG_EVENT.configurationChange).length > 1);
  await connection.submit(cpg.finalize(), PATIENT);
  await connection.close();
}

describeOnCorosync('the transport', () => {
  it('waits for an answer from a later turn of corosync’s main loop, and sends nothing behind the request', async () => {
    const connection = await connect('cfg', 65_536, fakeListener());
    for (let i = 0; i < 20; i++) {
      const answers = await Promise.all([
        connection.submit(cfg.localGet(), PATIENT),
        connection.submit(cfg.reload(), PATIENT),
        connection.submit(cfg.localGet(), PATIENT),
        connection.submit(cfg.ringStatus(), PATIENT),
      ]);
      expect(answers.map((answer) => answer.readInt32LE(0))).toEqual([12, 14, 12, 0]);
      expect(answers.map((answer) => answer.readInt32LE(16))).toEqual([1, 1, 1, 1]);
    }
    await connection.close();
  });

  it('keeps its place for a late answer whose caller has given up', async () => {
    const connection = await connect('cfg', 65_536, fakeListener());
    for (let i = 0; i < 20; i++) {
      const abort = new AbortController();
      const reload = connection.submit(cfg.reload(), { ...PATIENT, signal: abort.signal });
      await Promise.resolve();
      const next = connection.submit(cfg.localGet(), PATIENT);
      await Promise.resolve();
      abort.abort(new Error('enough'));
      await reload.catch(() => undefined);
      expect((await next).readInt32LE(0)).toBe(12);
    }
    await connection.close();
  });

  it('sends what is never answered, in order, and knows that it was taken', async () => {
    await inGroup(async (connection, hears) => {
      let number = 0;
      for (const size of [0, 1, 64, 1000, 16_384, 60_000]) {
        const messages = Array.from({ length: 50 }, () => numbered(number++, size));
        await Promise.all(messages.map((data) => connection.submit(cpg.mcast(data), PATIENT)));
      }
      await waitUntil('all have come back', () => eventsOf(hears, CPG_EVENT.deliver).length === number);
      const delivered = eventsOf(hears, CPG_EVENT.deliver).map((event) => deliveredData(event));
      expect(delivered.map((data) => data.readUInt32LE(0))).toEqual(delivered.map((_, i) => i));
    });
  });
});

describeOnCorosync(
  'another user who writes to the socket of events',
  (suite) => {
    /** A configuration change of cpg that nobody has made: it carries nothing secret. */
    const forged = (): string => {
      const event = Buffer.alloc(184);
      event.writeInt32LE(CPG_EVENT.configurationChange, 0);
      event.writeInt32LE(event.length, 8);
      event.writeInt32LE(1, 16);
      return event.toString('hex');
    };

    it.each([
      ['alone', 0],
      ['among corosync’s own', 400],
    ])('is never believed, %s: the connection ends', async (_where, messages) => {
      suite.tolerate(/\[CPG +\]|event_send retuned/);
      const before = datagramNames();
      const hears = fakeListener();
      const connection = await connect('cpg', CPG_BUFFER_SIZE, hears);
      const [name = ''] = datagramNames().filter((there) => !before.includes(there));
      await connection.submit(cpg.join(GROUP), PATIENT);
      await waitUntil('we have joined', () => hears.events.length > 0);
      const sending = sendAsNobody({ to: `${name}-event`, hex: forged() });
      for (let i = 0; i < messages && !connection.closed; i++)
        await connection.submit(cpg.mcast(numbered(i, 64)), PATIENT).catch(() => undefined);
      expect(await sending).toEqual(['sent']);
      const end = await connection.whenClosed();
      expect(end).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
      expect(eventsOf(hears, CPG_EVENT.configurationChange)).toHaveLength(1);
    });
  },
  {},
  ['socket'],
);

describeOnCorosync(
  'messages as large as the buffer allows',
  () => {
    it('are carried in both directions; a larger one is refused for itself alone', async () => {
      await inGroup(async (connection, hears) => {
        const largest = 1_047_552;
        const messages = [0, 1, 2].map((number) => numbered(number, largest));
        const tooLarge = connection.submit(cpg.mcast(Buffer.alloc(CPG_BUFFER_SIZE)), PATIENT);
        await expect(tooLarge).rejects.toMatchObject({ code: 'CS_ERR_TOO_BIG', sent: 'no' });
        await Promise.all(messages.map((data) => connection.submit(cpg.mcast(data), PATIENT)));
        await waitUntil('all have come back', () => eventsOf(hears, CPG_EVENT.deliver).length === 3);
        const delivered = eventsOf(hears, CPG_EVENT.deliver).map((event) => deliveredData(event));
        expect(Buffer.concat(delivered).equals(Buffer.concat(messages))).toBe(true);
      });
    });
  },
  {},
  ['shared-memory'],
);

/** At least four bytes, which say which it is. */
function numbered(number: number, size: number): Buffer {
  const data = Buffer.alloc(Math.max(size, 4), number & 0xff);
  data.writeUInt32LE(number);
  return data;
}
