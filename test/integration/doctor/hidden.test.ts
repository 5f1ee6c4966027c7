import { afterAll, beforeAll, expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, diagnose } from '../../helpers/doctor/diagnosis.ts';

const ALLOWED = { uidgid: { uid: 65534 } } as const;
const USERS = [['root', ''] as const, ['a user', NOBODY] as const];

describeIntegration('doctor and what it cannot see of corosync', () => {
  let corosync: PrivateCorosync;
  beforeAll(async () => {
    corosync = await PrivateCorosync.start(ALLOWED);
    await shell(`chmod 755 ${corosync.directory}`);
  });
  afterAll(() => corosync.stop());

  it('says that the namespaces are hidden, from a user and from a root without a capability', async () => {
    for (const [as, why] of [
      [NOBODY, 'uid 65534; root sees more'],
      ['setpriv --bounding-set=-sys_ptrace', 'uid 0; something keeps root from looking'],
    ] as const) {
      const hidden = await diagnose(`unshare --net ${as} TOOL doctor`);
      const unread = as === NOBODY ? ['rule-unknown'] : [];
      expect(hidden).toMatchObject({
        code: 1,
        ids: ['socket-not-bound', 'namespaces-hidden', ...unread, 'not-connected'],
      });
      expect(hidden.found('namespaces-hidden').text).toContain(
        `those of corosync (pid ${corosync.pid}) cannot be seen by ${why}`,
      );
      // Who is in its network needs no more.
      expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    }
  });

  it.each(USERS)('says that the versions are unknown: %s', async (_, as) => {
    for (const [cover, reason] of [
      ['mount -t tmpfs tmpfs /var/lib/dpkg', 'there is no /var/lib/dpkg/status'],
      ['mount --bind /etc/hostname /var/lib/dpkg/status', 'it is no package'],
    ] as const) {
      await shell(cover);
      const unknown = await diagnose(`${as} TOOL doctor`);
      await shell(`umount ${cover.replace(/.* /, '')}`);
      expect(unknown).toMatchObject({ code: 0, ids: ['versions-unknown'] });
      expect(unknown.found('versions-unknown').text).toContain(reason);
    }
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });
});

describeIntegration('doctor and a corosync with a root directory of its own', () => {
  it('reads its files as root, and says to a user that they are unknown', async () => {
    // In a file system of its own, with the directories of the machine in it.
    const script = `
      mount -t tmpfs -o mode=755 tmpfs /mnt
      for path in $(ls -d /* | grep -v mnt); do
        if [ -h $path ]; then cp -a $path /mnt; elif [ -d $path ]; then mkdir /mnt$path; mount --rbind $path /mnt$path; fi
      done
      exec chroot /mnt "$@"`;
    const own = ['unshare', '--mount', '--propagation', 'private', 'bash', '-c', script, 'bash'];
    await using corosync = await PrivateCorosync.start({ ...ALLOWED, under: own });
    await shell(`chmod 755 ${corosync.directory}`);
    const root = await diagnose();
    expect(root).toMatchObject({ code: 0, ids: ['namespaces-differ'] });
    const user = await diagnose(`${NOBODY} TOOL doctor`);
    expect(user).toMatchObject({ code: 0, ids: ['versions-unknown', 'rule-unknown'] });
    expect(user.found('versions-unknown').text).toContain('its files cannot be seen here');
  });
});
