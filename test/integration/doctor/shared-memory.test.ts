import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { compileC } from '../../helpers/corosync/compile-c.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const ALLOWED = { uidgid: { uid: 65534 } } as const;
const USERS = [['root', ''] as const, ['a user', NOBODY] as const];

async function start(): Promise<PrivateCorosync> {
  const corosync = await PrivateCorosync.start(ALLOWED);
  await shell(`chmod 755 ${corosync.directory}`);
  return corosync;
}

describeIntegration('doctor and shared memory that is full', () => {
  let corosync: PrivateCorosync;
  beforeEach(async () => {
    corosync = await start();
  });
  afterEach(async () => {
    await shell('rm -f /dev/shm/filling; mount -o remount,size=256m /dev/shm');
    await corosync.stop();
  });

  it.each(USERS)('says so, and each of its remedies helps: %s', async (_, as) => {
    await shell('fallocate --length $(($(stat -f --format="%a * %S" /dev/shm) - 1048576)) /dev/shm/filling');
    const full = await diagnose(`${as} TOOL doctor`);
    expect(full).toMatchObject({ code: 1, ids: ['shm-full', 'not-connected'] });
    expect(full.found('not-connected').text).toContain('CS_ERR_NO_SPACE');
    expect(full.found('not-connected').remedy).toBe('the reason is above: shm-full');
    expect(corosync.running).toBe(true);

    const room = full.found('shm-full');
    const { stdout } = await shell(commandIn(room, /^see what fills it: (.*),\n/));
    expect(stdout.toString().trimEnd().split('\n').at(-1)).toMatch(/\t\/dev\/shm\/filling$/);
    const smaller = commandIn(room, /smaller connection: (--buffer-size \d+) /);
    expect(await diagnose(`${as} TOOL doctor ${smaller}`)).toMatchObject({ code: 0, ids: [] });
    await shell(commandIn(room, /larger: (mount .*) where corosync runs/));
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });
});

describeIntegration('doctor and what killed servers have left', () => {
  it('tells root what to remove, and a user nothing', async () => {
    const killed = await start();
    killed.kill('SIGKILL');
    await killed.exited();
    await using corosync = await start();
    const seen = await diagnose();
    expect(seen).toMatchObject({ code: 0, ids: ['leftovers'] });
    // A user cannot see who has ended.
    expect(await diagnose(`${NOBODY} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    await shell(commandIn(seen.found('leftovers'), /: (rm -r .*)$/));
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
    await killed.stop();
  });
});

describeIntegration('doctor and shared memory on a disk', () => {
  let disk = '';
  beforeEach(async () => {
    disk = mkdtempSync('/var/tmp/shm-');
    await shell(`chmod 1777 ${disk}`);
  });
  afterEach(() => rmSync(disk, { recursive: true }));

  it.each(USERS)("does not mind where it is corosync's, too: %s", async (_, as) => {
    await shell(`mount --bind ${disk} /dev/shm`);
    try {
      await using corosync = await start();
      const seen = await diagnose(`${as} TOOL doctor`);
      expect(seen).toMatchObject({ code: 0, ids: ['shm-no-tmpfs'] });
      expect(seen.found('shm-no-tmpfs').level).toBe('note');
      expect(corosync.running).toBe(true);
    } finally {
      await shell('umount /dev/shm');
    }
  });

  it.each(USERS)("says so beside that it is not corosync's: %s", async (_, as) => {
    await using corosync = await start();
    const foreign = await diagnose(`${as} TOOL doctor --shm-directory ${disk}`);
    expect(foreign).toMatchObject({ code: 1, ids: ['shm-foreign', 'shm-no-tmpfs', 'not-connected'] });
    expect(foreign.found('not-connected').remedy).toBe('the reason is above: shm-foreign');
    expect(corosync.running).toBe(true);
  });
});

describeIntegration('doctor and shared memory with mapped owners', () => {
  let holder: ChildProcess;
  let mapped = '';
  let canMap = false;
  beforeAll(async () => {
    holder = spawn('unshare', ['--user', 'sleep', 'infinity'], { stdio: 'ignore' });
    const { pid } = holder;
    const ours = readlinkSync('/proc/self/ns/user');
    await waitUntil('it has its namespace', () => readlinkSync(`/proc/${pid}/ns/user`) !== ours);
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, '0 100000 65536\n');
    mapped = `${compileC('idmap')} /proc/${pid}/ns/user /dev/shm`;
    canMap = (await shell(`${mapped} true`)).code === 0;
    if (!canMap) console.warn('this kernel cannot map the owners in a tmpfs: this is not tried');
  });
  afterAll(async () => {
    const exited = once(holder, 'exit');
    holder.kill();
    await exited;
  });

  it.each(USERS)("says that the files seem to be somebody else's: %s", async (_, as) => {
    if (!canMap) return;
    await using corosync = await start();
    const harmless = as === '' ? ['namespaces-differ'] : [];
    const refused = await diagnose(`${mapped} ${as} TOOL doctor`);
    expect(refused).toMatchObject({ code: 1, ids: [...harmless, 'shm-mapped-owners', 'not-connected'] });
    expect(refused.found('not-connected').remedy).toBe('the reason is above: shm-mapped-owners');
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });
});
