import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CmapClient } from '../../../src/index.ts';
import { shell } from '../../cli/program.ts';
import { compileC } from '../../helpers/corosync/compile-c.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { ControlGroup } from '../../helpers/doctor/control-group.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const ALLOWED = { uidgid: { uid: 65534 } } as const;
const USERS = [['root', ''] as const, ['a user', NOBODY] as const];

/** corosync loses capabilities in front of it. */
function without(...capabilities: string[]): string[] {
  const dropped = capabilities.map((name) => `cap_${name}`).join(',');
  return ['capsh', `--drop=${dropped}`, '--', '-c', 'exec "$0" "$@"'];
}

async function start(options: Parameters<typeof PrivateCorosync.start>[0] = {}): Promise<PrivateCorosync> {
  const corosync = await PrivateCorosync.start({ ...ALLOWED, ...options });
  await shell(`chmod 755 ${corosync.directory}`);
  return corosync;
}

describeIntegration('doctor and the capabilities of corosync', () => {
  it.each([
    [['dac_override'], 'shm'],
    [['fowner'], 'shm'],
    [['chown'], 'shm'],
    [['chown', 'dac_override', 'fowner'], 'shm'],
    [['chown', 'dac_override', 'fowner'], 'socket'],
  ] as const)('names those that it lacks: %j, %s', async (names, ipcType) => {
    await using corosync = await start({ under: without(...names), ipcType });
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
    const refused = await diagnose(`${NOBODY} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['corosync-capabilities', 'not-connected'] });
    const missing = refused.found('corosync-capabilities');
    const list = names.map((name) => `CAP_${name.toUpperCase()}`).join(', ');
    expect(missing.text).toContain(`corosync (pid ${corosync.pid}) lacks ${list}: `);
    expect(refused.found('not-connected').remedy).toBe('the reason is above: corosync-capabilities');
    const asCorosync = commandIn(missing, /: (setpriv .* COMMAND),/).replace('COMMAND', 'TOOL doctor');
    expect(await diagnose(asCorosync)).toMatchObject({ code: 0, ids: [] });

    const stranger = NOBODY.replaceAll('65534', '1234');
    const denied = await diagnose(`${stranger} TOOL doctor`);
    expect(denied.ids).toEqual(['corosync-capabilities', 'no-rule', 'not-connected']);
    expect(denied.found('not-connected').remedy).toMatch(/uid: 1234\n}\n.*: corosync-capabilities$/);
  });

  it('does not mind others', async () => {
    await using corosync = await start({ under: without('sys_nice', 'ipc_lock', 'net_admin') });
    expect(await diagnose(`${NOBODY} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });
});

describeIntegration('doctor and a seccomp filter of corosync', () => {
  it('that does not let it give files to a user', async () => {
    await using corosync = await start({ under: [compileC('confine'), 'chown', '1'] });
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
    const refused = await diagnose(`${NOBODY} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['not-connected'] });
    const { text, remedy } = refused.found('not-connected');
    expect(text).toContain('EACCES');
    expect(remedy).toContain(`either the seccomp filter of corosync (pid ${corosync.pid})`);
    expect(remedy).toContain('has to allow @chown');
  });
});

describeIntegration('doctor and the limits of corosync', () => {
  let corosync: PrivateCorosync;
  beforeEach(async () => {
    corosync = await start();
  });
  afterEach(() => corosync.stop());

  it.each(USERS)('does not let it die of a file that is too large for it: %s', async (_, as) => {
    await shell(`prlimit --pid ${corosync.pid} --fsize=100000:`);
    const refused = await diagnose(`${as} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['corosync-file-size', 'not-tried'] });
    expect(refused.found('not-tried').text).toMatch(/^not tried, .*: corosync-file-size$/);
    expect(corosync.running).toBe(true);
    const tooLarge = refused.found('corosync-file-size');
    const smaller = commandIn(tooLarge, /smaller connection: (--buffer-size \d+) /);
    expect(await diagnose(`${as} TOOL doctor ${smaller}`)).toMatchObject({ code: 0, ids: [] });
    await shell(commandIn(tooLarge, /as root: (prlimit .*), and/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });

  it.each(USERS)('does not let it spin without descriptors: %s', async (_, as) => {
    const { stdout } = await shell(`ls /proc/${corosync.pid}/fd | wc -l`); // of nobody who has gone: it waits for that at its start
    await shell(`prlimit --pid ${corosync.pid} --nofile=${Number(stdout) + 3}:`);
    const lines = corosync.log().length;
    const saidOfClients = (): string[] =>
      corosync
        .log()
        .slice(lines)
        .match(/.*(?:accept|\[QB +\]).*/g) ?? [];
    const refused = await diagnose(`${as} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['corosync-open-files', 'not-tried'] });
    await corosync.logWritten();
    expect(saidOfClients()).toEqual([]);
    await shell(commandIn(refused.found('corosync-open-files'), /as root: (prlimit .*), and/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });

  it.each(USERS)('does not let it be killed for its memory: %s', async (_, as) => {
    using group = ControlGroup.create('memory');
    if (group === undefined) return;
    group.add(corosync.pid);
    group.limitMemory(4 * 2 ** 20);
    const refused = await diagnose(`${as} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['corosync-memory', 'not-tried'] });
    expect(corosync.running).toBe(true);
    const scarce = refused.found('corosync-memory');
    expect(scarce.text).toContain(group.directory);
    const smaller = commandIn(scarce, /smaller connection: (--buffer-size \d+) /);
    expect(await diagnose(`${as} TOOL doctor ${smaller}`)).toMatchObject({ code: 0, ids: [] });
    await shell(commandIn(scarce, /or, as root: (echo .*)$/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });

  it.each(USERS)('sees that it may map no more: %s', async (_, as) => {
    const limitTo = async (room: number): Promise<void> => {
      await corosync.forgotten(); // what it maps, it maps for those who are there
      const { stdout } = await shell(`awk '/^VmSize:/ { print $2 * 1024 }' /proc/${corosync.pid}/status`);
      await shell(`prlimit --pid ${corosync.pid} --as=${Number(stdout) + room}:`);
    };
    await limitTo(4 * 2 ** 20);
    const refused = await diagnose(`${as} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: ['corosync-address-space', 'not-connected'] });
    expect(refused.found('not-connected').text).toContain('CS_ERR_NO_MEMORY');
    expect(refused.found('not-connected').remedy).toBe('the reason is above: corosync-address-space');
    const scarce = refused.found('corosync-address-space');
    const smaller = commandIn(scarce, /smaller connection: (--buffer-size \d+) /);
    expect(await diagnose(`${as} TOOL doctor ${smaller}`)).toMatchObject({ code: 0, ids: [] });
    // What it says that a connection takes is enough.
    await limitTo(9 * 2 ** 20);
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    await limitTo(0);
    const none = await diagnose(`${as} TOOL doctor`);
    expect(none.found('corosync-address-space').remedy).not.toContain('--buffer-size');
    await shell(commandIn(scarce, /as root: (prlimit .*), and/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });

  it.each(USERS)('sees that it is frozen, as by docker pause: %s', async (_, as) => {
    using group = ControlGroup.create('freezer');
    if (group === undefined) return;
    group.add(corosync.pid);
    group.freeze();
    const frozen = await diagnose(`${as} TOOL doctor --timeout 300`);
    expect(frozen).toMatchObject({ code: 1, ids: ['corosync-frozen', 'not-connected'] });
    await shell(commandIn(frozen.found('corosync-frozen'), /as root: (.*)$/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });

  it.each(USERS)('sees that it is stopped, also when it takes no more connections: %s', async (_, as) => {
    corosync.pause();
    const stopped = await diagnose(`${as} TOOL doctor --timeout 300`);
    expect(stopped).toMatchObject({ code: 1, ids: ['corosync-stopped', 'not-connected'] });
    const waiting = Array.from({ length: 140 }, () => net.connect({ path: '\0cmap'.padEnd(108, '\0') }));
    for (const socket of waiting) socket.on('error', () => undefined);
    await waitUntil('its queue is full', () => waiting.some(({ destroyed }) => destroyed));
    const full = await diagnose(`${as} TOOL doctor --timeout 300`);
    expect(full).toMatchObject({ code: 1, ids: ['corosync-stopped', 'not-connected'] });
    expect(full.found('not-connected').text).toContain('EAGAIN');
    for (const socket of waiting) socket.destroy();
    await shell(stopped.found('corosync-stopped').remedy ?? 'false');
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });
});

describeIntegration('doctor and a corosync whose descriptors are in use', () => {
  it('says who has the connections', async () => {
    await using corosync = await start({ under: ['prlimit', '--nofile=90'] });
    const clients: CmapClient[] = [];
    while (clients.length < 40) {
      const client = await CmapClient.connect({ bufferSize: 65_536 }).catch(() => undefined);
      if (client === undefined) break;
      clients.push(client);
    }
    for (const [, as] of USERS) {
      const refused = await diagnose(`${as} TOOL doctor`);
      expect(refused).toMatchObject({ code: 1, ids: ['not-connected'] });
      expect(refused.found('not-connected').remedy).toContain(`pid ${process.pid} has ${clients.length}`);
    }
    await Promise.all(clients.map((client) => client.close()));
    await waitUntil('it takes connections again', () => corosync.log().includes('allowing new connections'));
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
  });
});

describeIntegration("doctor and corosync's shared memory", () => {
  let corosync: PrivateCorosync;
  let inside = '';
  beforeEach(async () => {
    const own = ['unshare', '--mount', '--propagation', 'private'];
    corosync = await start({ under: own });
    inside = `nsenter --target ${corosync.pid} --mount`;
  });
  afterEach(() => corosync.stop());

  it('which is read-only', async () => {
    await shell(`${inside} mount --bind /dev/shm /dev/shm`);
    await shell(`${inside} mount -o remount,bind,ro /dev/shm`);
    for (const [, as] of USERS) {
      const refused = await diagnose(`${as} TOOL doctor`);
      const harmless = as === '' ? ['namespaces-differ'] : [];
      expect(refused.ids).toEqual([...harmless, 'corosync-shm-read-only', 'not-connected']);
      expect(refused.found('not-connected').text).toContain('errno 30');
    }
    const refused = await diagnose();
    await shell(commandIn(refused.found('corosync-shm-read-only'), /^as root: (.*)$/));
    expect(await diagnose(`${NOBODY} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });

  it('which is missing', async () => {
    await shell(`${inside} mount -t tmpfs tmpfs /dev`);
    const refused = await diagnose();
    expect(refused.code).toBe(1);
    expect(refused.ids).toEqual(['namespaces-differ', 'corosync-shm-missing', 'not-connected']);
    expect(refused.found('not-connected').text).toContain('ENOENT');
    const unseen = await diagnose(`${NOBODY} TOOL doctor`);
    expect(unseen.found('not-connected').remedy).toContain('where corosync runs');
    await shell(commandIn(refused.found('corosync-shm-missing'), /^as root: (.*)$/));

    const other = await diagnose();
    expect(other.ids).toEqual(['namespaces-differ', 'shm-foreign', 'not-connected']);
    const options = commandIn(other.found('shm-foreign'), /^use (--shm-directory \S+),/);
    expect(await diagnose(`TOOL doctor ${options}`)).toMatchObject({ code: 0, ids: ['namespaces-differ'] });
    const user = await diagnose(`${NOBODY} TOOL doctor`);
    expect(user).toMatchObject({ code: 1, ids: ['shm-foreign', 'not-connected'] });
  });
});

describeIntegration('doctor and a corosync in a user namespace', () => {
  const OUTSIDE = 100_000;
  let holder: ChildProcess;
  let corosync: PrivateCorosync;

  beforeAll(async () => {
    holder = spawn('unshare', ['--user', 'sleep', 'infinity'], { stdio: 'ignore' });
    const { pid } = holder;
    const ours = readlinkSync('/proc/self/ns/user');
    await waitUntil('it has its namespace', () => readlinkSync(`/proc/${pid}/ns/user`) !== ours);
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, `0 ${OUTSIDE} 65536\n`);
    const script = `chown -R ${OUTSIDE}:${OUTSIDE} "$(dirname "$4")" /var/lib/corosync; chmod 777 /run
      exec nsenter --target ${pid} --user --setuid 0 --setgid 0 "$@"`;
    corosync = await start({ under: ['bash', '-c', script, 'bash'] });
  });
  afterAll(async () => {
    await corosync.stop();
    const exited = once(holder, 'exit');
    holder.kill();
    await exited;
  });

  it.each(USERS)('knows that it takes us for nobody: %s', async (_, as) => {
    const refused = await diagnose(`${as} TOOL doctor`);
    expect(refused.code).toBe(1);
    expect(refused.ids).toContain('user-not-mapped');
    expect(refused.found('not-connected').remedy).toBe('the reason is above: user-not-mapped');
    const known = commandIn(refused.found('user-not-mapped'), /: (setpriv .*) COMMAND$/);
    expect(await diagnose(`${known} TOOL doctor`)).toMatchObject({ code: 0, ids: ['user-namespace'] });
  });

  describe('a user that it knows', () => {
    it('is allowed by the number that it has there', async () => {
      const mapped = NOBODY.replaceAll('65534', String(OUTSIDE + 65_534));
      expect(await diagnose(`${mapped} TOOL doctor`)).toMatchObject({
        code: 0,
        ids: ['user-namespace', 'corosync-not-root'],
      });
    });

    it('is told the number that it has there', async () => {
      const denied = await diagnose(`${NOBODY.replaceAll('65534', String(OUTSIDE + 1234))} TOOL doctor`);
      expect(denied).toMatchObject({
        code: 1,
        ids: ['user-namespace', 'corosync-not-root', 'no-rule', 'not-connected'],
      });
      expect(denied.found('not-connected').remedy).toContain('uid: 1234\n');
    });
  });
});
