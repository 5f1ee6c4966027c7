import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CmapClient, ConnectionError, type CsErrorName } from '../../src/index.ts';
import { CmapPeer } from '../helpers/corosync/c-peer.ts';
import { withDescriptorLimit } from '../helpers/descriptor-limit.ts';
import {
  limitSharedMemory,
  RING_FAILED,
  unlimitSharedMemory,
  usedSharedMemory,
} from '../helpers/faults/fault-shared-memory.ts';
import { inChild, type ChildReport, type User } from '../helpers/integration/integration-child.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import {
  errorOf,
  ourOutcome,
  outcomeName,
  type Outcome,
} from '../helpers/integration/integration-outcome.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { sharedMemoryDescriptors } from '../helpers/open-descriptors.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
const ONCE = { tryAgainAttempts: 0 };
const NOBODY = 65534;
const GUEST = 65533;
const DENIED = /Denied connection attempt|Invalid IPC credentials/;
const MIB = 2 ** 20;
const FEW_FILES = ['prlimit', '--nofile=200'];

/** The sockets by its name: the one where it listens, and one for each client, whether corosync has looked at it or not. */
const connectionsAtCorosync = (): number =>
  readFileSync('/proc/net/unix', 'utf8').match(/ @cmap@*$/gm)?.length ?? 0;

async function libcmapConnects(
  under: readonly string[] = [],
): Promise<{ code: Outcome | number; errno: number }> {
  await using peer = CmapPeer.start({ under });
  const { code, errno } = await peer.connect();
  return { code: outcomeName(code), errno: code === 1 ? 0 : errno };
}

describeIntegration('connecting without corosync, and while it starts', () => {
  it('is refused as libcmap is: CS_ERR_LIBRARY, ECONNREFUSED', async () => {
    const error = await errorOf(CmapClient.connect());
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'CS_ERR_LIBRARY', errno: 'ECONNREFUSED', operation: 'connect' });
    expect(error.message).toContain('@cmap');
    expect(error.message).toContain('corosync is not running');
    expect(await libcmapConnects()).toEqual({ code: 'CS_ERR_LIBRARY', errno: 111 });
  });

  it('goes from CS_ERR_LIBRARY over CS_ERR_TRY_AGAIN, if at all, to CS_OK', async () => {
    const starting = PrivateCorosync.start();
    const outcomes: Outcome[] = [];
    const deadline = performance.now() + 30_000;
    while (outcomes.at(-1) !== 'CS_OK' && performance.now() < deadline) {
      outcomes.push(
        await ourOutcome(async () => (await CmapClient.connect({ ...ONCE, timeoutMs: 20_000 })).close()),
      );
    }
    await using corosync = await starting;
    const order: readonly Outcome[] = ['CS_ERR_LIBRARY', 'CS_ERR_TRY_AGAIN', 'CS_OK'];
    const places = outcomes.map((outcome) => order.indexOf(outcome));
    expect(places).toEqual([...places].sort());
    expect(places.at(-1)).toBe(2);
    expect(places).not.toContain(-1);
    expect(corosync.logLines('warning')).toEqual([]);
  });

  it('waits for a corosync that is starting, if asked to', async () => {
    const starting = PrivateCorosync.start();
    await waitUntil(
      'the socket is there',
      async () => (await ourOutcome(async () => (await CmapClient.connect()).close())) === 'CS_OK',
      { everyMs: 1 },
    );
    await (await starting).stop();
  });
});

describeIntegration('filesystem sockets', () => {
  it('are found, or taken where they are said to be', { timeout: 60_000 }, async () => {
    const report = await inChild({ do: 'filesystem sockets' }, [
      'unshare',
      '--mount',
      '--propagation',
      'private',
    ]);
    expect(report).toMatchObject({
      isFile: 'true',
      detected: 'CS_OK',
      given: 'CS_OK',
      slashed: 'CS_OK',
      wrong: 'CS_ERR_NOT_EXIST ENOENT',
      gone: 'CS_ERR_NOT_EXIST',
      goneForLibcmap: 'CS_ERR_NOT_EXIST',
      log: '',
    });
    expect(report.message).toContain('/var/cmap');
  });
});

describeOnCorosync('connecting', (suite) => {
  describe('as another user', () => {
    interface Row {
      readonly who: string;
      readonly user: User;
      readonly rule?: readonly [string, 'uint8' | 'uint32'];
      readonly outcome: CsErrorName;
    }
    const nobody: User = { uid: NOBODY, gid: NOBODY };
    const rows: readonly Row[] = [
      { who: 'nobody, without a rule', user: nobody, outcome: 'CS_ERR_ACCESS' },
      { who: 'nobody with group 0', user: { uid: NOBODY, gid: 0 }, outcome: 'CS_OK' },
      { who: 'a user with a rule', user: nobody, rule: [`uid.${NOBODY}`, 'uint8'], outcome: 'CS_OK' },
      {
        who: 'a user with a rule of type u32',
        user: nobody,
        rule: [`uid.${NOBODY}`, 'uint32'],
        outcome: 'CS_ERR_ACCESS',
      },
      {
        who: 'a group with a rule',
        user: { uid: NOBODY, gid: GUEST },
        rule: [`gid.${GUEST}`, 'uint8'],
        outcome: 'CS_OK',
      },
      {
        who: 'a supplementary group with a rule',
        user: { ...nobody, groups: [GUEST] },
        rule: [`gid.${GUEST}`, 'uint8'],
        outcome: 'CS_ERR_ACCESS',
      },
    ];

    it.each(rows)('$who: $outcome', async ({ user, rule, outcome }) => {
      const root = await suite.connect();
      if (rule !== undefined) await root.set(`uidgid.${rule[0]}`, { type: rule[1], value: 1 });
      const groups = user.groups === undefined ? '--clear-groups' : `--groups=${user.groups.join()}`;
      const [ours, libcmap] = await Promise.all([
        inChild({ do: 'connect', user, options: ONCE }),
        libcmapConnects(['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, groups]),
      ]);
      if (rule !== undefined) await root.delete(`uidgid.${rule[0]}`);
      expect([ours.code, libcmap.code]).toEqual([outcome, outcome]);
      if (outcome !== 'CS_ERR_ACCESS') return;
      expect(ours.errno).toBe('EACCES');
      expect(ours.message).toContain('uidgid');
      expect(libcmap.errno).toBe(13);
      await suite.expectLogged(DENIED);
    });
  });

  it('counts the real ids, whatever the effective ones: the kernel tells corosync those', async () => {
    const root = await suite.connect();
    const really = ['setpriv', `--ruid=${NOBODY}`, `--rgid=${NOBODY}`, '--clear-groups'];
    const denied = await inChild({ do: 'connect', options: ONCE }, really);
    expect([denied.code, (await libcmapConnects(really)).code]).toEqual(['CS_ERR_ACCESS', 'CS_ERR_ACCESS']);
    expect(denied.message).toContain(`\`uid: ${NOBODY}\``);
    expect(denied.message).toContain('the real uid and gid');
    await suite.expectLogged(DENIED);
    await root.setUint8(`uidgid.uid.${NOBODY}`, 1);
    const allowed = await inChild({ do: 'connect', options: ONCE }, really);
    expect([allowed.code, (await libcmapConnects(really)).code]).toEqual(['CS_OK', 'CS_OK']);
    await root.delete(`uidgid.uid.${NOBODY}`);
    const effectively = await inChild({ do: 'connect', options: ONCE }, [
      ...['setpriv', `--euid=${NOBODY}`, `--egid=${NOBODY}`, '--clear-groups'],
    ]);
    expect(effectively).toMatchObject({ code: 'CS_ERR_ACCESS', errno: 'EACCES' });
    expect(effectively.message).toContain(`to the real uid, 0, and this process runs as ${NOBODY}`);
  });

  it('as a user who is not allowed says which file allows him, and that does', async () => {
    const connect = (): Promise<ChildReport> =>
      inChild({ do: 'connect', user: { uid: NOBODY, gid: NOBODY }, options: ONCE });
    const { message = '' } = await connect();
    await suite.expectLogged(DENIED);
    const lines = [...message.matchAll(/`([^`]+)`/g)].map(([, line]) => line);
    const directory = join(suite.corosync.directory, 'uidgid.d');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'as-told'), `${lines.join('\n')}\n`);
    await run('corosync-cfgtool', ['-R']);
    expect(await connect()).toMatchObject({ code: 'CS_OK' });
    rmSync(join(directory, 'as-told'));
    await run('corosync-cfgtool', ['-R']);
  });

  describe('from a user namespace, where it is root', () => {
    const OUTSIDE = 100_000;
    const under = [
      ...['setpriv', `--reuid=${OUTSIDE}`, `--regid=${OUTSIDE}`, '--clear-groups'],
      ...['unshare', '--user', '--map-root-user'],
    ];

    it.each([
      ['without a rule', undefined, 'CS_ERR_ACCESS'],
      ['with a rule for what it is called inside', 'uid.0', 'CS_ERR_ACCESS'],
      ['with a rule for what it is called outside', `uid.${OUTSIDE}`, 'CS_OK'],
    ] as const)('%s', async (_what, rule, outcome) => {
      const root = await suite.connect();
      if (rule !== undefined) await root.set(`uidgid.${rule}`, { type: 'uint8', value: 1 });
      const codes = [
        (await inChild({ do: 'connect', options: ONCE }, under)).code,
        (await libcmapConnects(under)).code,
      ];
      if (rule !== undefined) await root.delete(`uidgid.${rule}`);
      expect(codes).toEqual([outcome, outcome]);
      if (outcome === 'CS_ERR_ACCESS') await suite.expectLogged(DENIED);
    });
  });

  describe('to a map', () => {
    it('that is none: CS_ERR_NOT_EXIST; the stats map is another one', async () => {
      expect(await ourOutcome(() => CmapClient.connect({ map: 'none' as 'stats' }))).toBe('CS_ERR_NOT_EXIST');
      const stats = await suite.connect({ map: 'stats' });
      expect(stats.map).toBe('stats');
      expect(await ourOutcome(() => stats.get('totem.version'))).toBe('CS_ERR_NOT_EXIST');
      expect(await stats.get('stats.ipcs.global.active')).toMatchObject({ type: 'uint64' });
      expect(await (await suite.connect()).getUint32('totem.version')).toBe(2);
    });

    it('of another mount: sharedMemoryDirectory', async () => {
      const client = await suite.connect({ sharedMemoryDirectory: '/proc/self/root/dev/shm/' });
      expect(await client.getUint32('totem.version')).toBe(2);
      const error = await errorOf(CmapClient.connect({ sharedMemoryDirectory: '/run/no-such-directory' }));
      expect(error).toMatchObject({ code: 'CS_ERR_NOT_EXIST', errno: 'ENOENT' });
      expect(error.message).toContain('sharedMemoryDirectory');
    });

    it('by another name: CS_ERR_LIBRARY, ECONNREFUSED', async () => {
      const error = await errorOf(CmapClient.connect({ socketName: 'no-such-service' }));
      expect(error).toMatchObject({ code: 'CS_ERR_LIBRARY', errno: 'ECONNREFUSED' });
    });
  });

  describe('where something runs out', () => {
    const itWithRings = it.runIf(suite.transport === 'shared-memory');

    itWithRings('shared memory: CS_ERR_NO_SPACE, and what to do; a small buffer still fits', async () => {
      await limitSharedMemory(usedSharedMemory() + 1.5 * MIB);
      try {
        const error = await errorOf(CmapClient.connect(ONCE));
        expect(error).toMatchObject({ code: 'CS_ERR_NO_SPACE', errno: 'ENOSPC' });
        expect(error.message).toContain('/dev/shm');
        expect(error.message).toContain('bufferSize');
        expect(await libcmapConnects()).toEqual({ code: 'CS_ERR_NO_SPACE', errno: 28 });
        const client = await suite.connect({ bufferSize: 65536 });
        await client.setBinary('test.fits', new Uint8Array(16384));
        expect((await client.getBinary('test.fits')).length).toBe(16384);
      } finally {
        await unlimitSharedMemory();
      }
      await suite.expectLogged(RING_FAILED);
      expect(await ourOutcome(async () => (await CmapClient.connect()).close())).toBe('CS_OK');
    });

    itWithRings('all shared memory that there is: 4 MiB hold one connection of libcmap’s size', async () => {
      await suite.corosync.stop();
      await limitSharedMemory(4 * MIB); // too little for corosync's flight recorder, too, which it does without
      try {
        await suite.start();
        const client = await suite.connect();
        expect(await ourOutcome(() => suite.connect(ONCE))).toBe('CS_ERR_NO_SPACE');
        expect(await libcmapConnects()).toEqual({ code: 'CS_ERR_NO_SPACE', errno: 28 });
        await suite.expectLogged(RING_FAILED);
        await client.close();
        await waitUntil('the rings are removed', () => ourRings().length === 0);
        expect(await ourOutcome(() => suite.connect())).toBe('CS_OK');
      } finally {
        await unlimitSharedMemory();
        await suite.restart();
      }
    });

    it('our file descriptors: CS_ERR_LIBRARY, EMFILE, until there are enough; none is left open', async () => {
      const report = await inChild({ do: 'connect with few descriptors', most: 12 }, FEW_FILES);
      const outcomes = Array.from({ length: 12 }, (_, index) => report[index + 1]);
      const enough = outcomes.indexOf('CS_OK');
      // One for the setup socket, one for a look at the directory; then six files, or a file and two sockets.
      expect(enough).toBeGreaterThan(suite.transport === 'socket' ? 2 : 5);
      expect(outcomes).toEqual(
        outcomes.map((_, index) => (index < enough ? 'CS_ERR_LIBRARY EMFILE' : 'CS_OK')),
      );
      expect(report.after).toBe('CS_OK');
      expect(await libcmapConnects(['prlimit', '--nofile=5'])).toEqual({ code: 'CS_ERR_LIBRARY', errno: 24 });
    });

    it('corosync’s file descriptors: CS_ERR_LIBRARY, EMFILE', async () => {
      await withDescriptorLimit(suite.corosync.pid, 60, async () => {
        let refused: unknown;
        for (let i = 0; i < 100 && refused === undefined; i++) {
          await suite.connect({ ...ONCE, bufferSize: 65536 }).catch((error: unknown) => (refused = error));
        }
        expect(refused).toMatchObject({ code: 'CS_ERR_LIBRARY', errno: 'EMFILE' });
        expect((refused as Error).message).toContain('file descriptors');
        expect(await libcmapConnects()).toEqual({ code: 'CS_ERR_LIBRARY', errno: 24 });
      });
      await suite.expectLogged(RING_FAILED);
    });
  });

  describe('and giving up', () => {
    /** Aborts so many microseconds after the call, by a turn of the event loop or two. */
    async function connectAndAbort(afterUs: number): Promise<void> {
      const controller = new AbortController();
      const startedAt = performance.now();
      const connecting = CmapClient.connect({ bufferSize: 65536, signal: controller.signal });
      connecting.then(
        (client) => client.destroy(),
        () => undefined,
      );
      while ((performance.now() - startedAt) * 1000 < afterUs) await turn();
      controller.abort();
      await connecting.catch(() => undefined);
    }

    // Each of these would be an error in corosync's log, which is looked at after each test: "Broken pipe".
    it('at any moment says nothing to corosync that closing would not', async () => {
      for (let i = 0; i < 300; i++) await connectAndAbort((i % 50) * 40);
      await Promise.all(Array.from({ length: 40 }, (_, i) => connectAndAbort(i * 50)));
      await waitUntil('corosync has removed the files', () => ourRings().length === 0);
    });

    it('while corosync stands still does not pile up connections there', async () => {
      suite.corosync.pause();
      const idle = connectionsAtCorosync();
      // Who is given up before it has asked is gone at once.
      for (let i = 0; i < 100 && connectionsAtCorosync() < idle + 8; i++) await connectAndAbort(20_000);
      const before = connectionsAtCorosync();
      expect(before).toBe(idle + 8);
      const late = errorOf(CmapClient.connect({ timeoutMs: 100 }));
      expect(await late).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
      expect(connectionsAtCorosync()).toBe(before);
      const patient = suite.connect();
      suite.corosync.resume();
      expect(await (await patient).getUint32('totem.version')).toBe(2);
    });
  });

  describe('while corosync is stopped', () => {
    it('ends with CS_ERR_TIMEOUT, where libcmap blocks', async () => {
      suite.corosync.pause();
      await using peer = CmapPeer.start();
      let libcmapAnswered = false;
      const libcmap = peer.connect().finally(() => (libcmapAnswered = true));
      const errors = await Promise.all([
        errorOf(CmapClient.connect({ timeoutMs: 200 })),
        errorOf(CmapClient.connect({ timeoutMs: 200, map: 'stats' })),
      ]);
      for (const error of errors)
        expect(error).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'connect' });
      const reason = new Error('not now');
      await expect(CmapClient.connect({ signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
      const controller = new AbortController();
      const aborted = CmapClient.connect({ signal: controller.signal });
      await turn();
      controller.abort(reason);
      await expect(aborted).rejects.toBe(reason);
      const patient = suite.connect();
      expect(libcmapAnswered).toBe(false);
      suite.corosync.resume();
      expect((await libcmap).code).toBe(1);
      expect(await (await patient).getUint32('totem.version')).toBe(2);
    });
  });

  describe('and closing', () => {
    it('leaves nothing behind: the process ends by itself', async () => {
      expect(await inChild({ do: 'use and close' })).toEqual({ code: 'CS_OK' });
    });

    it('close is idempotent, and leaves no descriptor, timer or listener', async () => {
      await (await CmapClient.connect()).close();
      await turn();
      const before = process.getActiveResourcesInfo().sort();
      const client = await CmapClient.connect();
      await client.track('test.', { prefix: true });
      await Promise.all([client.setUint8('test.key', 1), collect(client.entries())]);
      // Header and data of three rings, or the counters; and what this copy of the library tells others.
      expect(sharedMemoryDescriptors()).toHaveLength(1 + (suite.transport === 'socket' ? 1 : 6));
      const closing = client.close();
      await Promise.all([closing, client.close()]);
      await client.close();
      client.destroy();
      expect(client.closed).toBe(true);
      expect(await client.whenClosed()).toBeUndefined();
      expect(sharedMemoryDescriptors()).toEqual([]);
      await waitUntil('the socket is closed', () => process.getActiveResourcesInfo().length <= before.length);
      await waitUntil('corosync has removed the rings', () => ourRings().length === 0);
    });

    it('`await using` closes', async () => {
      let seen: CmapClient;
      {
        await using client = await CmapClient.connect();
        seen = client;
      }
      expect(seen.closed).toBe(true);
      expect(await ourOutcome(() => seen.get('totem.version'))).toBe('CS_ERR_BAD_HANDLE');
    });
  });
});

describeOnCorosync('losing corosync', (suite) => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    '%s: all that waits fails, later calls too, and nothing is left',
    async (signal) => {
      const [client, idle, peer] = [await suite.connect(), await suite.connect(), await suite.peer()];
      const trackers = [
        await client.track('test.', { prefix: true }),
        await client.track('', { prefix: true }),
        await idle.track('totem.', { prefix: true }),
      ];
      const loops = trackers.map((tracker) => errorOf(collect(tracker)));
      suite.corosync.pause();
      const libcmap = peer.get('totem.version');
      const calls = Array.from({ length: 300 }, () => ourOutcome(() => client.get('totem.version')));
      const iteration = ourOutcome(() => collect(client.entries()));
      await turn();
      suite.corosync.kill(signal);
      suite.corosync.resume();

      const outcomes = await Promise.all(calls);
      if (signal === 'SIGKILL') {
        expect(new Set([...outcomes, await iteration])).toEqual(new Set(['CS_ERR_LIBRARY']));
        // It may take two seconds to notice.
        expect(outcomeName((await libcmap).code)).toBe('CS_ERR_LIBRARY');
      } else {
        // Asked to end, corosync may still answer what it has; but nothing after the first failure.
        const answered = outcomes.indexOf('CS_ERR_LIBRARY');
        expect(new Set(outcomes.slice(answered === -1 ? 300 : answered))).toEqual(
          new Set(answered === -1 ? [] : ['CS_ERR_LIBRARY']),
        );
        expect(['CS_OK', 'CS_ERR_LIBRARY', 'CS_ERR_BAD_HANDLE']).toContain(await iteration);
      }
      for (const error of await Promise.all(loops)) {
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.code).toBe('CS_ERR_LIBRARY');
      }
      await suite.corosync.exited();
      expect(suite.corosync.exitCode).toBe(signal === 'SIGKILL' ? 137 : 0);
      for (const lost of [client, idle]) {
        expect(lost.closed).toBe(true);
        expect(await lost.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
        const later = await errorOf(lost.get('totem.version'));
        expect(later).toBeInstanceOf(ConnectionError);
        expect(later).toMatchObject({ code: 'CS_ERR_BAD_HANDLE', cause: await lost.whenClosed() });
        expect(await ourOutcome(() => lost.track('test.'))).toBe('CS_ERR_BAD_HANDLE');
        expect(await ourOutcome(() => collect(lost.keys()))).toBe('CS_ERR_BAD_HANDLE');
        await lost.close();
      }
      await Promise.all(trackers.map((tracker) => tracker.close()));
      await waitUntil('our rings are removed', () => ourRings().length === 0);
      expect(sharedMemoryDescriptors()).toEqual([]);

      await suite.restart();
      expect(await (await suite.connect()).getUint32('totem.version')).toBe(2);
    },
  );

  it('while connecting: CS_ERR_LIBRARY, without waiting for the deadline', async () => {
    suite.corosync.pause();
    const connecting = errorOf(CmapClient.connect({ ...ONCE, timeoutMs: 60_000 }));
    await turn();
    suite.corosync.kill('SIGKILL');
    expect(await connecting).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await suite.restart();
  });

  it('what has been told before is read before the loop throws', async () => {
    const client = await suite.connect();
    const tracker = await client.track('test.told');
    for (let i = 0; i < 20; i++) await client.setUint32('test.told', i);
    suite.corosync.kill('SIGKILL');
    await client.whenClosed();
    const seen: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const event of tracker) if (event.kind === 'notification') seen.push(event.newValue?.value);
    };
    expect(await errorOf(loop())).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await suite.restart();
  });
});
