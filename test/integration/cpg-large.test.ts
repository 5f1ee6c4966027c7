import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { CpgClient, type CpgEvent, type CpgJoinOptions } from '../../src/cpg/index.ts';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;
const MEGABYTE = 1_000_000;

/** Bytes that tell where they belong. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8) + (at >> 16) + seed) & 0xff;
  return bytes;
}

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

/** What was told, shortened to what is compared. */
const shorten = (event: CpgEvent): string =>
  event.kind === 'message'
    ? `${event.from.pid}: ${event.message.length} ${digest(event.message)}`
    : event.kind === 'membership'
      ? `members ${event.members.length}`
      : 'ring';
const sent = (pid: number, bytes: Uint8Array): string => `${pid}: ${bytes.length} ${digest(bytes)}`;

describeOnCorosync('Large messages', (suite) => {
  const joined = async (options: CpgJoinOptions): Promise<{ client: CpgClient; told: string[] }> => {
    suite.letEventsQueue();
    const client = await CpgClient.connect();
    const told: string[] = [];
    await client.join('large', { ...options, listener: (event) => void told.push(shorten(event)) });
    return { client, told };
  };

  it('go out in fragments and come back whole, in their order among small ones', async () => {
    const { client, told } = await joined({ pid: 1 });
    const messages = [
      pattern(5, 1),
      pattern(3 * MEGABYTE, 2),
      pattern(7, 3),
      pattern(1_047_553, 4),
      pattern(0, 5),
    ];
    const calls = messages.map((message) => client.mcast(message));
    expect(client.bufferedBytes).toBe(3 * MEGABYTE + 1_047_553 + 12);
    await Promise.all(calls);
    expect(client.bufferedBytes).toBe(0);
    await client.leave();
    expect(told).toEqual(['members 1', ...messages.map((message) => sent(1, message)), 'members 0']);
    await client.close();
  });

  it('are waited for until they have come back', async () => {
    const { client, told } = await joined({ pid: 1 });
    const message = pattern(2 * MEGABYTE, 1);
    await client.mcast(message, { delivered: true });
    await waitUntil('it is told', () => told.includes(sent(1, message)));
    await client.close();
  });

  it('begin again when the group changes in the middle, and come once', { timeout: 120_000 }, async () => {
    const { client, told } = await joined({ pid: 1 });
    const comeAndGo = async (): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        await using other = await CpgClient.connect();
        await other.join('large', { pid: 2, listener: () => undefined });
      }
    };
    const messages = Array.from({ length: 10 }, (_, index) => pattern((2 + (index % 3)) * MEGABYTE, index));
    await Promise.all([comeAndGo(), ...messages.map((message) => client.mcast(message))]);
    await client.leave();
    const own = told.filter((line) => line.startsWith('1:'));
    expect(own).toEqual(messages.map((message) => sent(1, message)));
    await client.close();
    // One line for each fragment that was refused, as with libcpg's clients. Who goes may have events on their way to it.
    await suite.expectLogged(/event_send|can't mcast to group large state:3, error:16/);
  });

  it('go on when their caller gives up, and are not begun when he does so before', async () => {
    const { client, told } = await joined({ pid: 1 });
    const [first, second, third] = [pattern(4 * MEGABYTE, 1), pattern(2 * MEGABYTE, 2), pattern(3, 3)];
    const controller = new AbortController();
    const begun = client.mcast(first, { signal: controller.signal });
    const waiting = client.mcast(second, { signal: controller.signal });
    const behind = client.mcast(third);
    await client.localNodeId(); // by now the first fragment has gone out
    controller.abort('enough');
    expect(await Promise.allSettled([begun, waiting, behind])).toMatchObject([
      { reason: 'enough' },
      { reason: 'enough' },
      { status: 'fulfilled' },
    ]);
    await client.leave();
    expect(told).toEqual(['members 1', sent(1, first), sent(1, third), 'members 0']);
    expect(client.bufferedBytes).toBe(0);
    await client.close();
  });

  it('are not sent where they could not be received', async () => {
    const { client } = await joined({ pid: 1, maxMessageBytes: 1_048_576 });
    await expect(client.mcast(new Uint8Array(1_048_577))).rejects.toMatchObject({
      code: 'CS_ERR_TOO_BIG',
      sent: 'no',
    });
    await client.mcast(new Uint8Array(1_048_576), { delivered: true });
    await client.close();
  });

  it('of others beyond the limits end the membership', async () => {
    const { client: sender, told } = await joined({ pid: 1 });
    const receiver = await CpgClient.connect();
    await receiver.join('large', { pid: 2, maxMessageBytes: 1_048_576 });
    await sender.mcast(new Uint8Array(1_048_577));
    const read = async (): Promise<void> => {
      for await (const event of receiver.events()) expect(event.kind).toBe('membership');
    };
    await expect(read()).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_TOO_BIG' });
    await waitUntil('the others are told', () => told.lastIndexOf('members 1') > 0);
    await sender.close();
    // The receiver goes with events on their way to it, and in the middle of a message that then begins again.
    await suite.takeOffLog(/event_send|can't mcast to group large state:3, error:16/);
  });
});

describeOnCorosync(
  'Large messages beside libcpg',
  (suite) => {
    it('are read by libcpg, and its own by us', async () => {
      suite.letEventsQueue();
      const client = await CpgClient.connect();
      const told: CpgEvent[] = [];
      await client.join('large', { pid: 1, listener: (event) => void told.push(event) });
      await using peer = new CpgPeer();
      await peer.connect();
      expect(await peer.join('large')).toBe(CS_OK);
      await peer.notified(1);
      const ours = pattern(5 * MEGABYTE + 1, 9);
      const theirs = pattern(3 * MEGABYTE + 7, 11);
      await client.mcast(ours);
      expect(await peer.mcastPattern(theirs.length, 11)).toBe(CS_OK);
      await client.mcast(ours.subarray(0, 100));
      await peer.notified(4);
      await waitUntil('all has come to us', () => told.filter(({ kind }) => kind === 'message').length === 3);
      const messages = told.flatMap((event) => (event.kind === 'message' ? [event] : []));
      const expected = [ours, theirs, ours.subarray(0, 100)];
      for (const [index, message] of expected.entries())
        expect(message.equals(messages[index]?.message ?? Buffer.alloc(0))).toBe(true);
      expect(messages.map(({ from }) => from.pid)).toEqual([1, peer.pid, 1]);
      expect(
        peer.events.slice(1).map((event) => event.type === 'deliver' && (event.digest ?? event.message)),
      ).toEqual([digestOfPeer(ours), digestOfPeer(theirs), expected[2]]);
      await client.close();
      expect(await peer.finalize()).toBe(CS_OK);
    });
  },
  {},
  ['shared-memory'],
);

/** FNV-1a, as test/c/cpg-peer.c prints it of messages that are too long to be printed. */
function digestOfPeer(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${(hash >>> 0).toString(16).padStart(8, '0')}*${bytes.length}`;
}
