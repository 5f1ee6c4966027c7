import { describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { built, shell } from '../cli/program.ts';
import { datagramNames, sendAsNobody } from '../helpers/integration/integration-datagram-sender.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import {
  reqCmapSet,
  resCmapGet,
  resCmapNotifyCallback,
  type Message,
} from '../helpers/wire/message-builder.ts';

const hex = (message: Message): string => Buffer.from(message.toBytes()).toString('hex');

/** An answer to a get, and a notification, that their sender would like us to believe. */
const FORGED_VALUE = '2a000000'.padEnd(512, '0');
const FORGED_ANSWER = hex(resCmapGet({ error: 1, valueLength: 4, type: 6, value: FORGED_VALUE }));
const forgedNotification = (trackInstHandle: bigint): string =>
  hex(
    resCmapNotifyCallback({
      trackInstHandle: String(trackInstHandle),
      key: 'test.key',
      event: 2,
      newType: 2,
      newValue: '42',
      oldType: 0,
      oldValue: '',
    }),
  );

describeOnCorosync(
  'datagram sockets',
  (suite) => {
    /** A connection, and its base name, which anybody can see. */
    async function connected(): Promise<[CmapClient, string]> {
      const before = datagramNames();
      const client = await suite.connect();
      const [name] = datagramNames().filter((there) => !before.includes(there));
      if (name === undefined) throw new Error('the connection has no datagram socket');
      return [client, name];
    }

    it('are what corosync offers, and what the client says', async () => {
      const [client] = await connected();
      expect(client.transport).toBe('socket');
      expect(await client.getUint32('totem.version')).toBe(2);
    });

    it('carry our command line', async () => {
      const { stdout, code } = await shell(`${built('main')} get totem.version`);
      expect([stdout.toString().trim(), code]).toEqual(['2', 0]);
      const listed = await shell(`diff <(${built('cmapctl-main')} totem.) <(corosync-cmapctl totem.)`);
      expect([listed.stdout.toString(), listed.stderr, listed.code]).toEqual(['', '', 0]);
    });

    it('take many calls at once, each answer to its own', async () => {
      const client = await suite.connect({ bufferSize: 65536 });
      const sizes = Array.from({ length: 200 }, (_, i) => (i * 997) % 16_384);
      await Promise.all(
        sizes.map((size, i) => client.setBinary(`test.many.${i}`, new Uint8Array(size).fill(i))),
      );
      const values = await Promise.all(sizes.map((_, i) => client.getBinary(`test.many.${i}`)));
      const right = values.filter((value, i) => Buffer.alloc(sizes[i] ?? 0, i).equals(value));
      expect(right).toHaveLength(sizes.length);
      await Promise.all(sizes.map((_, i) => client.delete(`test.many.${i}`)));
    });

    it('let iterations run together with calls that would overwrite their prefixes', async () => {
      const client = await suite.connect();
      const expected: string[] = [];
      for await (const { key } of client.keys('totem.')) expected.push(key);
      expect(expected.length).toBeGreaterThan(2);
      const iterate = async (): Promise<string[]> => {
        const keys: string[] = [];
        for await (const { key } of client.keys('totem.')) keys.push(key);
        return keys;
      };
      const busy = Array.from({ length: 40 }, () => client.get('runtime.votequorum.this_node_id'));
      const rounds = await Promise.all(Array.from({ length: 20 }, iterate));
      await Promise.all(busy);
      for (const keys of rounds) expect(keys).toEqual(expected);
    });

    describe('another user of the machine', () => {
      it('cannot make us believe an answer: the connection ends', async () => {
        const [client, name] = await connected();
        suite.corosync.pause();
        const call = errorOf(client.get('totem.version'));
        expect(await sendAsNobody({ to: `${name}-response`, hex: FORGED_ANSWER })).toEqual(['sent']);
        suite.corosync.resume();
        expect(await call).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
        expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_SECURITY' });
      });

      it.each([
        ['before corosync has sent one', false],
        ['after it has, and so has connected its socket', true],
      ])('cannot make us believe a notification: the connection ends, %s', async (_when, after) => {
        const [client, name] = await connected();
        const reader = new EventReader(await client.track('test.key'));
        const witness = await suite.connect();
        if (after) {
          await witness.setUint8('test.key', 1);
          expect(await reader.notification()).toMatchObject({ change: 'add', newValue: { value: 1 } });
        }
        expect(await sendAsNobody({ to: `${name}-event`, hex: forgedNotification(0n) })).toEqual(['sent']);
        await witness.setUint8('test.key', 2);
        expect(await client.whenClosed()).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
        await witness.delete('test.key');
      });

      it('cannot ask corosync for anything in our name, since it has answered us once', async () => {
        const [client, name] = await connected();
        const request = hex(reqCmapSet({ key: 'test.forged', type: 2, value: '01' }));
        expect(await sendAsNobody({ to: `${name}-request`, hex: request })).toEqual(['EPERM']);
        expect(await errorOf(client.get('test.forged'))).toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
      });
    });

    /** It would wait a second for each event, with its main loop, and say so in its log, which is looked at after each test. */
    it('are there as long as corosync may want to connect to them', async () => {
      const writer = await suite.connect();
      for (let round = 0; round < 30; round++) {
        const client = await CmapClient.connect();
        await client.track('test.early', { prefix: true });
        const changes = Promise.all(
          Array.from({ length: 9 }, (_, i) => writer.setUint32('test.early', round * 10 + i)),
        );
        if (round % 2 === 0) client.destroy();
        else await client.close();
        await changes;
      }
      await writer.delete('test.early');
    });
  },
  {},
  ['socket'],
);
