import fs from 'node:fs';
import net from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CmapClient, CsError, type CmapValue, type CmapTrackOptions } from '../../src/index.ts';
import { beforeStep } from '../helpers/faults/fault-steps.ts';
import { Witness } from '../helpers/faults/fault-witness.ts';
import { inChild } from '../helpers/integration/integration-child.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { errorOf, ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { EXTREME_VALUES } from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { WireAudit } from '../helpers/wire/wire-audit.ts';

const SMALL = { bufferSize: 65536 };
const CALLS = 4000;
const NOBODY = 65534;
const FLOW_CONTROL = 8240;
const REQUEST_SEMAPHORE = 8208;

const KEYS: readonly unknown[] = [
  ...[
    'limits.a',
    'limits.b',
    'limits.c',
    `limits.${'x'.repeat(248)}`,
    'abc',
    'totem.version',
    'totem.cluster_name',
  ],
  ...[
    '',
    'a',
    'ab',
    'x'.repeat(256),
    'é'.repeat(127),
    'é'.repeat(128),
    'a b',
    'limits.\0',
    'limits.ü',
    'limits.\n',
  ],
  ...[
    'quorum.cancel_wait_for_all',
    'stats.clear.ipc',
    'stats.clear.bogus',
    'stats.ipcs.service0.1.2.procname',
  ],
  ...[undefined, null, 5, {}, ['limits.a'], Symbol('key')],
];
const VALUES: readonly unknown[] = [
  ...EXTREME_VALUES,
  { type: 'binary', value: new Uint8Array(16_385) },
  { type: 'binary', value: new Uint8Array(2 ** 20) },
  { type: 'string', value: 'x'.repeat(16_385) },
  { type: 'string', value: 'a\0b' },
  { type: 'uint8', value: 256 },
  { type: 'uint64', value: 5 },
  { type: 'int32', value: '5' },
  { type: 'unknown', typeCode: 13, value: new Uint8Array(4) },
  { type: 0, value: 0 },
  ...[undefined, null, 5, 'text', {}, []],
];
const TRACKS: readonly unknown[] = [
  ...[{}, { prefix: true }, { events: ['modify'] }, { prefix: true, events: ['add', 'delete'] }],
  ...[{ events: [] }, { events: ['prefix'] }, { events: [16] }, { prefix: 8 }, { maxQueued: 0 }],
];

/** One call of anything with anything. */
function anyCall(client: CmapClient, random: Random): Promise<unknown> {
  const key = KEYS[random.below(KEYS.length)] as string;
  const value = VALUES[random.below(VALUES.length)] as CmapValue;
  const bare = (value as { value?: unknown } | null | undefined)?.value as never;
  const calls: readonly (() => Promise<unknown>)[] = [
    () => client.get(key),
    () => client.get(key),
    () => client.set(key, value),
    () => client.set(key, value),
    () => client.setUint8(key, bare),
    () => client.setBinary(key, bare),
    () => client.setString(key, bare),
    () => client.getDouble(key),
    () => client.delete(key),
    () => client.adjust(key, bare),
    () => client.increment(key),
    async () => collect(client.keys(key)),
    async () => collect(client.entries(key === '' ? 'totem.' : key)),
    async () => {
      for await (const { key: first } of client.keys(key)) return first;
      return undefined;
    },
    async () => {
      const tracker = await client.track(key, random.pick(TRACKS) as CmapTrackOptions);
      if (random.below(2) === 0) await tracker.close();
    },
  ];
  return random.pick(calls)();
}

/** A lone surrogate, a symbol, whatever: only errors of ours may come of it. */
async function settles(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof CsError)) throw error;
  });
}

/** Header of a ring of our only connection, for what only the server would do. */
function ringHeader(ring: 'request' | 'response'): string {
  const [directory, ...more] = ourRings();
  expect(more).toEqual([]);
  return `/dev/shm/${directory ?? ''}/qb-${ring}-cmap-header`;
}

function readWord(path: string, offset: number): number {
  return fs.readFileSync(path).readInt32LE(offset);
}

function writeWord(path: string, offset: number, value: number): void {
  const fd = fs.openSync(path, 'r+');
  const word = Buffer.alloc(4);
  word.writeInt32LE(value);
  fs.writeSync(fd, word, 0, 4, offset);
  fs.closeSync(fd);
}

/** Each item of the list of corosync's limits and weaknesses that is not shown elsewhere. */
describeOnCorosync(
  'what would hurt corosync',
  (suite) => {
    async function requests(): Promise<number> {
      const connections = await suite.corosync.ipcStats(process.pid);
      return connections.reduce((sum, { counters }) => sum + (counters.requests ?? 0), 0);
    }

    describe('on the wire', () => {
      it.each([
        ['icmap', 1],
        ['icmap', 2],
        ['stats', 3],
      ] as const)(
        `never appears, whatever a caller does: ${CALLS} calls on the %s map (seed %i)`,
        { timeout: 120_000 },
        async (map, seed) => {
          suite.letEventsQueue();
          const random = new Random(seed);
          using audit = new WireAudit();
          const client = await suite.connect({ map, ...(seed === 2 ? SMALL : {}) });
          for (let done = 0; done < CALLS;) {
            const batch = Array.from({ length: 1 + random.below(150) }, () =>
              settles(anyCall(client, random)),
            );
            await Promise.all(batch);
            done += batch.length;
          }
          expect(client.closed).toBe(false);
          expect(audit.violations).toEqual([]);
          const everything = ['get', 'iter_init', 'iter_next', 'iter_finalize', 'track_add', 'track_delete'];
          const changes = ['set', 'delete', 'adjust_int'];
          expect(Object.keys(audit.requests)).toEqual(
            expect.arrayContaining([...everything, ...(map === 'icmap' ? changes : ['set_current_map'])]),
          );
          await client.close();
          const cleaner = await suite.connect();
          for await (const { key } of cleaner.keys('limits.')) await cleaner.delete(key);
        },
      );

      it('the audit sees what it is there for', async () => {
        const client = await suite.connect();
        using audit = new WireAudit();
        const path = ringHeader('request');
        const data = path.replace(/header$/, 'data');
        const [header, ring] = [fs.openSync(path, 'r+'), fs.openSync(data, 'r+')];
        const get = Buffer.alloc(8 + 288); // id 2, no size, no value_len
        get.writeUInt32LE(288, 0);
        get.writeUInt32LE(0xa1a1a1a1, 4);
        get.writeInt32LE(2, 8);
        // None of it can harm: the words are written as they are, and no byte is sent.
        fs.writeSync(ring, get, 0, get.length, fs.fstatSync(ring).size - get.length);
        const [pointer, zero] = [Buffer.alloc(4), Buffer.alloc(4)];
        fs.readSync(header, pointer, 0, 4, 0);
        fs.writeSync(header, pointer, 0, 4, 0);
        fs.writeSync(header, zero, 0, 4, REQUEST_SEMAPHORE);
        for (const fd of [header, ring]) fs.closeSync(fd);
        expect(audit.violations).toEqual(['get: size 0 in 288', 'get: value_len 0', 'semaphore of 0 for 1']);
        await client.close();
      });
    });

    describe('between post and byte (1)', () => {
      afterEach(() => vi.restoreAllMocks());

      it('a byte that never leaves costs its callers their deadline, and corosync nothing', async () => {
        await using witness = await Witness.start();
        const client = await suite.connect();
        vi.spyOn(net.Socket.prototype, 'write').mockReturnValueOnce(true);
        const lost = ourOutcome(() => client.get('totem.version', { timeoutMs: 100 }));
        await turn();
        // What comes later waits behind it: a second post is what would block corosync.
        const later = await Promise.all(
          Array.from({ length: 10 }, () => ourOutcome(() => client.get('totem.version', { timeoutMs: 300 }))),
        );
        expect([await lost, ...later]).toEqual(Array.from({ length: 11 }, () => 'CS_ERR_TIMEOUT'));
        expect(readWord(ringHeader('request'), REQUEST_SEMAPHORE)).toBe(1);
        await client.close();
        expect(await witness.testimony()).toMatchObject({ failed: 0 });
      });

      it.each(['request data', 'request write_pt', 'request semaphore', 'request bytes'] as const)(
        'an exception before our %s ends the connection at once, with a reason',
        async (step) => {
          await using witness = await Witness.start();
          const client = await suite.connect();
          beforeStep(step, 1, () => {
            throw new Error('no more');
          });
          const call = await errorOf(client.get('totem.version'));
          expect(call).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
          expect(call.message).toContain('no more');
          expect(client.closed).toBe(true);
          await waitUntil('corosync has removed our rings', () => ourRings().length === 0);
          expect(await witness.testimony()).toMatchObject({ failed: 0 });
        },
      );
    });

    it('other clients are served while ours is never done asking', async () => {
      await using witness = await Witness.start();
      const client = await suite.connect();
      const until = performance.now() + 1000;
      while (performance.now() < until)
        await Promise.all(Array.from({ length: 1000 }, () => client.get('totem.version')));
      const testimony = await witness.testimony();
      console.log(`beside our gets: ${JSON.stringify(testimony)}`);
      expect(testimony).toMatchObject({ failed: 0 });
      expect(testimony.gets).toBeGreaterThan(10);
    });

    it.each([1, 2])(
      'flow control %i: no byte is sent, calls wait, and go out when it is over',
      async (word) => {
        const client = await suite.connect();
        await client.get('totem.version');
        const before = await requests();
        writeWord(ringHeader('request'), FLOW_CONTROL, word);
        await sleep(5); // the last look is good for a millisecond
        expect(await ourOutcome(() => client.get('totem.version', { timeoutMs: 50 }))).toBe('CS_ERR_TIMEOUT');
        const waiting = client.getUint32('totem.version');
        await sleep(50);
        expect(readWord(ringHeader('request'), REQUEST_SEMAPHORE)).toBe(0);
        expect(await requests()).toBe(before);
        writeWord(ringHeader('request'), FLOW_CONTROL, 0);
        expect(await waiting).toBe(2);
        expect(await requests()).toBe(before + 1);
      },
    );

    it.each([65_536, 100_000, 1_048_576, 16_777_216])(
      'a buffer of %i bytes is granted exactly',
      async (bufferSize) => {
        const client = await suite.connect({ bufferSize });
        const [directory = ''] = ourRings();
        const sizes = ['request', 'response', 'event'].map(
          (ring) => fs.statSync(`/dev/shm/${directory}/qb-${ring}-cmap-data`).size,
        );
        expect(new Set(sizes)).toEqual(new Set([Math.ceil((bufferSize + 13) / 4096) * 4096]));
        await client.setBinary('limits.large', new Uint8Array(16_384).fill(7));
        expect(await client.getBinary('limits.large')).toEqual(new Uint8Array(16_384).fill(7));
        await client.delete('limits.large');
      },
    );

    it('ring files are never opened so that they could shrink, and never do (6)', async () => {
      const opened = vi.spyOn(fs, 'openSync');
      const client = await suite.connect(SMALL);
      const calls = opened.mock.calls.filter(([path]) => String(path).startsWith('/dev/shm'));
      opened.mockRestore();
      const { O_TRUNC, O_CREAT, O_APPEND } = fs.constants;
      // The directory and six files; before them, in /dev/shm itself, files without a name: for other copies of the library, and to tell the time.
      expect(calls.map(([path]) => String(path).split('/').length)).toEqual([3, 3, 4, 5, 5, 5, 5, 5, 5]);
      for (const [, mode] of calls) expect(Number(mode) & (O_TRUNC | O_CREAT | O_APPEND)).toBe(0);
      const directory = `/dev/shm/${ourRings()[0] ?? ''}`;
      const sizes = (): number[] =>
        fs.readdirSync(directory).map((name) => fs.statSync(`${directory}/${name}`).size);
      const before = sizes();
      for (let value = 0; value < 50; value++)
        await Promise.all(
          Array.from({ length: 20 }, () => client.setBinary('limits.ring', new Uint8Array(8000 + value))),
        );
      expect(sizes()).toEqual(before);
      await client.delete('limits.ring');
    });

    it('more connections at once than its backlog holds all succeed', { timeout: 120_000 }, async () => {
      const CONNECTIONS = 160;
      suite.corosync.pause();
      const connecting = Array.from({ length: CONNECTIONS }, () => suite.connect(SMALL));
      const outcomes = Promise.allSettled(connecting);
      await sleep(300);
      suite.corosync.resume();
      expect((await outcomes).map(({ status }) => status)).toEqual(
        Array.from({ length: CONNECTIONS }, () => 'fulfilled'),
      );
      const clients = await Promise.all(connecting);
      await Promise.all(clients.map((client) => client.get('totem.version')));
    });

    it('a user who is denied asks once, so that corosync’s log says so once (12)', async () => {
      const user = { uid: NOBODY, gid: NOBODY };
      const report = await inChild({
        do: 'connect',
        user,
        options: { tryAgainAttempts: 10, tryAgainDelayMs: 10 },
      });
      expect(report).toMatchObject({ code: 'CS_ERR_ACCESS' });
      await waitUntil('corosync logs it', () => suite.corosync.logLines('error').length >= 2);
      expect(
        suite.corosync.logLines('error').filter((line) => line.includes('Denied connection')),
      ).toHaveLength(1);
      await suite.expectLogged(/Denied connection attempt|Invalid IPC credentials/);
    });

    it.each(['cfg', 'cpg', 'quorum', 'votequorum'])(
      'the service %s is never connected to: our requests mean something else there (7 to 9, 13)',
      async (socketName) => {
        const error = await errorOf(CmapClient.connect({ socketName }));
        expect(error).toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
        expect(error.message).toContain('another service');
      },
    );
  },
  {},
  ['shared-memory'],
);
