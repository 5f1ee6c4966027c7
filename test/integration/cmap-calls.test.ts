import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CmapClient, CsError, type CmapValue } from '../../src/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { errorOf, ourOutcome, type Outcome } from '../helpers/integration/integration-outcome.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';

const SMALL = { bufferSize: 65536 };

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describeOnCorosync('calls', (suite) => {
  async function requests(): Promise<number> {
    const connections = await suite.corosync.ipcStats(process.pid);
    return connections.reduce((sum, { counters }) => sum + (counters.requests ?? 0), 0);
  }

  describe('that are aborted', () => {
    it('before they are made are not sent', async () => {
      const client = await suite.connect();
      const reason = new Error('changed my mind');
      const signal = AbortSignal.abort(reason);
      const before = await requests();
      const calls = [
        client.get('totem.version', { signal }),
        client.setUint8('test.aborted', 1, { signal }),
        client.delete('test.aborted', { signal }),
        client.increment('test.aborted', { signal }),
        client.track('test.aborted', { signal }),
        collect(client.keys('', { signal })),
        collect(client.entries('', { signal })),
        CmapClient.connect({ signal }),
      ];
      for (const outcome of await Promise.allSettled(calls))
        expect(outcome).toEqual({ status: 'rejected', reason });
      expect(await requests()).toBe(before);
    });

    it('in the turn in which they are made are not sent', async () => {
      const client = await suite.connect();
      const controller = new AbortController();
      const before = await requests();
      const call = client.setUint8('test.aborted', 1, { signal: controller.signal });
      controller.abort('never mind');
      await expect(call).rejects.toBe('never mind');
      expect(await ourOutcome(() => client.get('test.aborted'))).toBe('CS_ERR_NOT_EXIST');
      expect(await requests()).toBe(before + 1);
    });

    it('while they are outstanding reject at once; their late answers reach nobody', async () => {
      const client = await suite.connect();
      await Promise.all(upTo(40).map((n) => client.setUint32(`test.late.${n}`, n)));
      suite.corosync.pause();
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = upTo(20).map((n) => client.getUint32(`test.late.${n}`, { signal }));
      const kept = upTo(20).map((n) => client.getUint32(`test.late.${n}`));
      await turn();
      const later = upTo(40).map((n) => client.getUint32(`test.late.${n}`, n % 2 === 0 ? { signal } : {}));
      const reason = new Error('too late');
      const rejected = Promise.allSettled(aborted);
      const outcomes = Promise.allSettled(later);
      controller.abort(reason);
      expect(await rejected).toEqual(aborted.map(() => ({ status: 'rejected', reason })));
      suite.corosync.resume();
      expect(await Promise.all(kept)).toEqual(upTo(20));
      expect(
        (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'aborted')),
      ).toEqual(upTo(40).map((n) => (n % 2 === 0 ? 'aborted' : n)));
      expect(await Promise.all(upTo(40).map((n) => client.getUint32(`test.late.${n}`)))).toEqual(upTo(40));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('leave no listener on their signal, however they end', async () => {
      const client = await suite.connect();
      const { signal } = new AbortController();
      await client.setUint8('test.signal', 1, { signal });
      await client.get('no.such.key', { signal }).catch(() => undefined);
      await collect(client.entries('test.', { signal }));
      const tracker = await client.track('test.signal', { signal });
      await tracker.close({ signal });
      await (await CmapClient.connect({ signal })).close();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('an aborted track leaves no tracker in corosync', async () => {
      const [client, writer] = [await suite.connect(), await suite.connect()];
      suite.corosync.pause();
      const controller = new AbortController();
      const call = client.track('test.track', { signal: controller.signal });
      await turn();
      controller.abort('not needed');
      await expect(call).rejects.toBe('not needed');
      suite.corosync.resume();
      await client.get('totem.version');
      await client.get('totem.version'); // by now the late handle has been given back
      for (const value of upTo(5)) await writer.setUint32('test.track', value);
      const [stats] = (await suite.corosync.ipcStats(process.pid)).map(({ counters }) => counters.dispatched);
      expect(stats).toBe(0);
    });
  });

  describe('with a deadline, while corosync is stopped', () => {
    it('fail with CS_ERR_TIMEOUT; the connection stays usable, and late answers reach nobody', async () => {
      const client = await suite.connect();
      await client.setString('test.one', 'one');
      await client.setString('test.two', 'two');
      suite.corosync.pause();
      const sent = client.setString('test.one', 'changed', { timeoutMs: 100 });
      const first = client.getString('test.two', { timeoutMs: 100 });
      await turn();
      const queued = client.getString('test.one', { timeoutMs: 100 });
      const error = await errorOf(sent);
      expect(error).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'cmap_set', key: 'test.one' });
      expect(error.message).toContain('may still take effect');
      expect(await errorOf(first)).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'cmap_get' });
      expect((await errorOf(queued)).message).toContain('was not sent');
      const patient = client.getString('test.one');
      suite.corosync.resume();
      expect(await patient).toBe('changed');
      expect(await client.getString('test.two')).toBe('two');
      expect(client.closed).toBe(false);
    });

    it('each has its own', async () => {
      const client = await suite.connect({ timeoutMs: 150 });
      suite.corosync.pause();
      const settled: string[] = [];
      const note = (name: string) => (): number => settled.push(name);
      const calls = [
        client.get('totem.version', { timeoutMs: Infinity }).then(note('infinite')),
        client.get('totem.version', { timeoutMs: 300 }).catch(note('long')),
        client.get('totem.version').catch(note('default')),
        client.get('totem.version', { timeoutMs: 1 }).catch(note('short')),
      ];
      await Promise.all(calls.slice(1));
      expect(settled).toEqual(['short', 'default', 'long']);
      suite.corosync.resume();
      await calls[0];
      expect(settled).toHaveLength(4);
    });

    it('a deadline that has passed while our own event loop stood still is no reason to drop an answer', async () => {
      const client = await suite.connect();
      suite.corosync.pause();
      const call = client.getUint32('totem.version', { timeoutMs: 200 });
      await turn();
      suite.corosync.resume();
      // Meanwhile corosync answers: it has come to our request when it has served who came later.
      execFileSync('corosync-cmapctl', ['-g', 'totem.version']);
      blockEventLoop(400);
      expect(await call).toBe(2);
    });

    it('iterations and trackers fail, too, and leave nothing behind', async () => {
      const client = await suite.connect();
      suite.corosync.pause();
      const calls = [
        collect(client.keys('', { timeoutMs: 50 })),
        collect(client.entries('', { timeoutMs: 50 })),
        client.track('test.', { prefix: true, timeoutMs: 50 }),
      ];
      for (const call of calls)
        expect(await errorOf<unknown>(call)).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
      suite.corosync.resume();
      expect((await collect(client.keys('totem.'))).length).toBeGreaterThan(2);
      await client.setUint8('test.silent', 1);
      const [stats] = (await suite.corosync.ipcStats(process.pid)).map(({ counters }) => counters.dispatched);
      expect(stats).toBe(0);
    });

    it('close waits for what is outstanding, and ends with it', async () => {
      const client = await suite.connect();
      suite.corosync.pause();
      const call = ourOutcome(() => client.get('totem.version', { timeoutMs: 200 }));
      await turn();
      const closed = client.close();
      expect(await ourOutcome(() => client.get('totem.version'))).toBe('CS_ERR_BAD_HANDLE');
      await closed;
      expect(await call).toBe('CS_ERR_TIMEOUT');
      expect(client.closed).toBe(true);
      suite.corosync.resume();
    });

    it.each([-1, NaN, '5', null])('timeoutMs %s is refused', async (timeoutMs) => {
      const client = await suite.connect();
      const options = { timeoutMs: timeoutMs as number };
      expect(await ourOutcome(() => client.get('totem.version', options))).toBe('CS_ERR_INVALID_PARAM');
    });
  });

  describe('in large numbers', () => {
    it.each([1, 2])(
      '10,000 mixed ones do what a simple model does (seed %i)',
      { timeout: 120_000 },
      async (seed) => {
        const client = await suite.connect(seed === 1 ? {} : SMALL);
        const random = new Random(seed);
        const model = new Model();
        let done = 0;
        while (done < 10_000) {
          const batch = Array.from({ length: 1 + random.below(400) }, () => model.call(client, random));
          for (const [outcome, expected] of await Promise.all(batch)) expect(outcome).toEqual(expected);
          done += batch.length;
        }
        const left = await collect(client.entries('model.'));
        expect(new Map(left.map(({ key, value }) => [key, value]))).toEqual(model.values);
        await Promise.all(left.map(({ key }) => client.delete(key)));
      },
    );

    it('a value is read as it was when the call was made, unless it is large and so asked for twice', async () => {
      const client = await suite.connect();
      const read = async (key: string, size: number): Promise<(string | undefined)[]> => {
        const [, first, , second] = await Promise.all([
          client.setString(key, 'a'.repeat(size)),
          ourOutcome(() => client.getString(key)),
          client.setString(key, 'b'.repeat(size)),
          ourOutcome(() => client.getString(key)),
          client.delete(key),
        ]);
        return [first, second];
      };
      expect(await read('test.turn', 255)).toEqual(['CS_OK', 'CS_OK']);
      expect(await read('test.turn', 256)).toEqual(['CS_ERR_NOT_EXIST', 'CS_ERR_NOT_EXIST']);
    });

    it('batches of large values are split where a ring cannot hold them', async () => {
      const client = await suite.connect(SMALL);
      const values = upTo(60).map((byte) => new Uint8Array(16384).fill(byte));
      const sets = values.map((value, index) => client.setBinary(`test.bulk.${index}`, value));
      const gets = values.map((_, index) => client.getBinary(`test.bulk.${index}`));
      await Promise.all(sets);
      const read = await Promise.all(gets);
      expect(read.filter((value, index) => !Buffer.from(value).equals(values[index] ?? value))).toEqual([]);
      for await (const { key, value } of client.entries('test.bulk.')) {
        const expected = values[Number(key.split('.').at(-1))];
        expect(Buffer.from(value.value as Uint8Array).equals(expected ?? Buffer.of())).toBe(true);
      }
      await Promise.all(values.map((_, index) => client.delete(`test.bulk.${index}`)));
    });

    it('errors in the middle concern nobody else', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.mixed', { prefix: true });
      const outcomes = await Promise.all([
        ourOutcome(() => client.setUint32('test.mixed.1', 1)),
        ourOutcome(() => client.setUint32('totem.version', 1)),
        ourOutcome(() => client.get('no.such.key')),
        ourOutcome(() => collect(client.keys('test.mixed'))),
        ourOutcome(() => client.setString('bad key', '')),
        ourOutcome(() => client.track('totem.', { prefix: true })),
        ourOutcome(() => client.track('test.mixed', { events: [] })),
        ourOutcome(() => client.increment('totem.cluster_name')),
        ourOutcome(() => client.delete('no.such.key')),
        ourOutcome(() => client.getString('test.mixed.1')),
        ourOutcome(() => client.getUint32('test.mixed.1')),
        ourOutcome(() => client.delete('test.mixed.1')),
      ]);
      expect(outcomes).toEqual([
        'CS_OK',
        'CS_ERR_ACCESS',
        'CS_ERR_NOT_EXIST',
        'CS_OK',
        'CS_ERR_NAME_TOO_LONG',
        'CS_OK',
        'CS_ERR_INVALID_PARAM',
        'CS_ERR_ACCESS',
        'CS_ERR_NOT_EXIST',
        'CS_ERR_INVALID_PARAM',
        'CS_OK',
        'CS_OK',
      ]);
      const told = await new EventReader(tracker).notifications(2);
      expect(told.map(({ change: event }) => event)).toEqual(['add', 'delete']);
    });

    it('100 clients at once', { timeout: 120_000 }, async () => {
      const clients = await Promise.all(
        upTo(100).map((n) => suite.connect(n % 2 === 0 ? SMALL : { bufferSize: 262144 })),
      );
      await clients[0]?.setUint32('test.shared', 0);
      await Promise.all(
        clients.map(async (client, index) => {
          await client.setUint32(`test.client.${index}`, index);
          for (let i = 0; i < 10; i++) {
            const [value] = await Promise.all([
              client.getUint32(`test.client.${index}`),
              client.increment('test.shared'),
            ]);
            expect(value).toBe(index);
          }
        }),
      );
      expect(await clients[99]?.getUint32('test.shared')).toBe(1000);
    });
  });

  describe('and close', () => {
    it('all that were made before it are answered, whatever they take', async () => {
      const client = await suite.connect();
      await client.setBinary('test.closing', new Uint8Array(16384));
      const calls = Promise.all([
        client.getUint32('totem.version'),
        client.getBinary('test.closing'),
        client.setUint32('test.closed', 1),
      ]);
      await Promise.all([client.close(), calls.catch(() => undefined)]);
      expect((await calls).map((value) => (value instanceof Uint8Array ? value.length : value))).toEqual([
        2,
        16384,
        undefined,
      ]);
    });

    it('destroy rejects all that is under way, and what comes later', async () => {
      const client = await suite.connect();
      suite.corosync.pause();
      const calls = upTo(10).map(() => errorOf(client.get('totem.version')));
      await turn();
      const cause = new Error('enough');
      client.destroy(cause);
      for (const error of await Promise.all(calls))
        expect(error).toMatchObject({ code: 'CS_ERR_LIBRARY', cause });
      expect(await errorOf(client.get('totem.version'))).toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY', cause });
      suite.corosync.resume();
    });
  });

  describe('of iterations', () => {
    async function fill(client: CmapClient, count: number): Promise<string[]> {
      await clear(client);
      const keys = upTo(count).map((n) => `test.iter.${String(n).padStart(4, '0')}`);
      await Promise.all(keys.map((key) => client.setString(key, key)));
      return keys;
    }
    async function clear(client: CmapClient): Promise<void> {
      const keys = await collect(client.keys('test.iter.'));
      await Promise.all(keys.map(({ key }) => client.delete(key)));
    }

    it('left early leave the connection in order', async () => {
      const client = await suite.connect();
      await fill(client, 300);
      for (const stop of [1, 2, 8, 9, 50, 299]) {
        let seen = 0;
        for await (const { key } of client.keys('test.iter.')) {
          expect(key).toBe(`test.iter.${String((seen += 1)).padStart(4, '0')}`);
          if (seen === stop) break;
        }
        for await (const { value } of client.entries('test.iter.')) if (value.value !== '') break;
      }
      expect(await client.getString('test.iter.0300')).toBe('test.iter.0300');
      await clear(client);
    });

    it('many at once, with sets and gets between, see every key', async () => {
      const client = await suite.connect(SMALL);
      const keys = await fill(client, 500);
      const listed = upTo(10).map(async () =>
        (await collect(client.keys('test.iter.'))).map(({ key }) => key),
      );
      const valued = upTo(10).map(async () =>
        (await collect(client.entries('test.iter.'))).map(({ value }) => value.value),
      );
      const others = upTo(300).map((n) => client.setUint32('test.other', n));
      for (const list of await Promise.all([...listed, ...valued])) expect(list).toEqual(keys);
      await Promise.all(others);
      await clear(client);
    });

    /** corosync's iterator keeps a pointer to its prefix in the request ring, and reads it at the first iter_next. */
    it('see their own keys, however many calls are made between', async () => {
      const client = await suite.connect(SMALL);
      const keys = await fill(client, 50);
      for (const count of [0, 100, 250, 1000]) {
        const listed = collect(client.keys('test.iter.'));
        const others = upTo(count).map((n) => client.setUint32('test.other', n));
        expect({ count, keys: (await listed).map(({ key }) => key) }).toEqual({ count, keys });
        await Promise.all(others);
      }
      await clear(client);
    });

    it('of libcmap lose their prefix when the request ring wraps before the first iter_next', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      await fill(client, 20);
      const { handle } = await peer.iterInit('test.iter.');
      await Promise.all(upTo(4000).map(() => peer.get('no.such.key', 1))); // more than 1 MiB of requests
      expect(await peer.iterNext(handle)).toMatchObject({ code: 27 });
      await clear(client);
    });

    it('keys deleted and added meanwhile: what stays is seen once, in order, and nothing that is gone has a value', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const keys = await fill(client, 400);
      const doomed = new Set(keys.filter((_, index) => index % 3 === 0));
      const seen: string[] = [];
      let deleted: Promise<unknown> = Promise.resolve();
      for await (const { key, value } of client.entries('test.iter.')) {
        expect(value).toEqual({ type: 'string', value: key });
        seen.push(key);
        if (seen.length !== 5) continue;
        deleted = Promise.all([...doomed].map((name) => other.delete(name)));
        await Promise.all(upTo(20).map((n) => other.setString(`test.iter.new.${n}`, `test.iter.new.${n}`)));
      }
      await deleted;
      expect(seen).toEqual([...new Set(seen)].sort());
      const staying = keys.filter((key) => !doomed.has(key));
      expect(seen.filter((key) => staying.includes(key))).toEqual(staying);
      await clear(client);
    });

    it('a value that grows between key and get is read whole', async () => {
      const client = await suite.connect();
      await fill(client, 100);
      let next = 0;
      for await (const { key } of client.entries('test.iter.')) {
        if ((next += 1) === 1) {
          const grown = (await collect(client.keys('test.iter.'))).slice(20);
          await Promise.all(grown.map((info) => client.setString(info.key, 'x'.repeat(10_000))));
        }
        expect(key).toBe(`test.iter.${String(next).padStart(4, '0')}`);
      }
      expect(next).toBe(100);
      await clear(client);
    });
  });

  it('do not keep the program busy while corosync is stopped', async () => {
    const client = await suite.connect();
    suite.corosync.pause();
    const call = client.get('totem.version');
    await sleep(50);
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    suite.corosync.resume();
    await call;
    expect((user + system) / 1000).toBeLessThan(400); // a loop that spins takes all 500
  });
});

/** The map as the calls should leave it: each call is made and its outcome foretold in one step. */
class Model {
  readonly values = new Map<string, CmapValue>();

  call(client: CmapClient, random: Random): Promise<[unknown, unknown]> {
    const key = `model.${random.below(20)}`;
    const present = this.values.get(key);
    const missing: Outcome = 'CS_ERR_NOT_EXIST';
    switch (random.below(8)) {
      case 0:
      case 1: {
        const value = randomValue(random);
        this.values.set(key, value);
        return settle(client.set(key, value), 'CS_OK');
      }
      case 2:
      case 3:
      case 4:
        return settle(client.get(key), present ?? missing);
      case 5:
        this.values.delete(key);
        return settle(client.delete(key), present === undefined ? missing : 'CS_OK');
      case 6: {
        const step = random.below(2 ** 32) - 2 ** 31;
        const adjusted = adjust(present, step);
        if (adjusted !== undefined) this.values.set(key, adjusted);
        const outcome =
          present === undefined ? missing : adjusted === undefined ? 'CS_ERR_INVALID_PARAM' : 'CS_OK';
        return settle(client.adjust(key, step), outcome);
      }
      default: {
        const wrong = present?.type === 'uint16' ? present.value : 'CS_ERR_INVALID_PARAM';
        return settle(client.getUint16(key), present === undefined ? missing : wrong);
      }
    }
  }
}

/** What came of a call, and what should have. */
async function settle(call: Promise<unknown>, expected: unknown): Promise<[unknown, unknown]> {
  try {
    return [(await call) ?? 'CS_OK', expected];
  } catch (error) {
    return [error instanceof CsError ? error.code : error, expected];
  }
}

function randomValue(random: Random): CmapValue {
  switch (random.below(5)) {
    case 0:
      return { type: 'uint16', value: random.below(65536) };
    case 1:
      return { type: 'int32', value: random.below(2 ** 32) - 2 ** 31 };
    case 2:
      return { type: 'uint64', value: BigInt(random.below(2 ** 32)) << 31n };
    case 3:
      return { type: 'string', value: 'é'.repeat(random.below(random.pick([10, 128]))) };
    default:
      return {
        type: 'binary',
        value: new Uint8Array(random.below(random.pick([10, 257]))).fill(random.below(256)),
      };
  }
}

function adjust(value: CmapValue | undefined, step: number): CmapValue | undefined {
  switch (value?.type) {
    case 'uint16':
      return { type: 'uint16', value: (value.value + step) & 0xffff };
    case 'int32':
      return { type: 'int32', value: (value.value + step) | 0 };
    case 'uint64':
      return { type: 'uint64', value: BigInt.asUintN(64, value.value + BigInt(step)) };
    default:
      return undefined;
  }
}
