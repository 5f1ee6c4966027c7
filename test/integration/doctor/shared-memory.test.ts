import { mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';

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
