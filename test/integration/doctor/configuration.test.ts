import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';

const ALLOWED = { uidgid: { uid: 65534 } } as const;
const USERS = [['root', ''] as const, ['a user', NOBODY] as const];

describeIntegration('doctor without a corosync.conf', () => {
  it.each(USERS)('says that it is missing, until there is one: %s', async (_, as) => {
    const line = `${as} TOOL doctor`;
    const missing = await diagnose(line);
    const unread = as === '' ? [] : ['rule-unknown'];
    const ids = ['corosync-not-seen', 'conf-missing', 'socket-not-bound', ...unread, 'not-connected'];
    expect(missing).toMatchObject({ code: 1, ids });
    expect(missing.found('conf-missing').text).toContain('there is no /etc/corosync/corosync.conf here');
    expect((await shell('corosync -t')).code).not.toBe(0);
    await shell('mkdir -p /etc/corosync && touch /etc/corosync/corosync.conf');
    const there = await diagnose(line);
    await shell('rm /etc/corosync/corosync.conf');
    const denied = as === '' ? [] : ['no-rule'];
    expect(there).toMatchObject({
      code: 1,
      ids: ['corosync-not-seen', 'socket-not-bound', ...denied, 'not-connected'],
    });
  });
});

describeIntegration('doctor and files with rules', () => {
  let corosync: PrivateCorosync;
  let file = '';
  const reload = async (): Promise<number> => (await shell('corosync-cfgtool -R')).code;

  beforeAll(async () => {
    corosync = await PrivateCorosync.start(ALLOWED);
    await shell(`chmod 755 ${corosync.directory}`);
    mkdirSync(join(corosync.directory, 'uidgid.d'));
    file = join(corosync.directory, 'uidgid.d', 'agent');
  });
  afterEach(async () => {
    await shell(`rm -f ${file}`);
    expect(await reload()).toBe(0);
  });
  afterAll(() => corosync.stop());

  it.each(USERS)('which corosync cannot parse: %s', async (_, as) => {
    writeFileSync(file, 'uidgid { uid: 1234 }\n');
    expect(await reload()).not.toBe(0);
    const broken = await diagnose(`${as} TOOL doctor`);
    expect(broken).toMatchObject({ code: 0, ids: ['uidgid-file-broken'] });
    expect(broken.found('uidgid-file-broken').text).toContain(`${file}:1: `);
    writeFileSync(file, `${commandIn(broken.found('uidgid-file-broken'), /\n(uidgid \{[^]*\})$/)}\n`);
    expect(await reload()).toBe(0);
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    const allowed = 'setpriv --reuid=1234 --regid=1234 --clear-groups TOOL doctor';
    expect(await diagnose(allowed)).toMatchObject({ code: 0, ids: [] });
  });

  it.each(USERS)('with a name that the machine does not know: %s', async (_, as) => {
    for (const [kind, accounts] of [
      ['uid', '/etc/passwd'],
      ['gid', '/etc/group'],
    ]) {
      writeFileSync(file, `uidgid {\n  ${kind}: stranger\n}\n`);
      const conf = join(corosync.directory, 'corosync.conf');
      expect((await shell(`corosync -t -c ${conf}`)).code).not.toBe(0);
      const unknown = await diagnose(`${as} TOOL doctor`);
      expect(unknown).toMatchObject({ code: 0, ids: ['name-unknown'] });
      expect(unknown.found('name-unknown').text).toContain(`${file}:2: ${accounts} does not name stranger`);
      writeFileSync(file, `uidgid {\n  ${kind}: 1234\n}\n`);
      expect((await shell(`corosync -t -c ${conf}`)).code).toBe(0);
      expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    }
  });
});

describeIntegration('doctor and a short queue of datagrams', () => {
  it('is told that corosync is slow, and how to make it longer', async () => {
    await using corosync = await PrivateCorosync.start({ ...ALLOWED, ipcType: 'socket' });
    await shell(`chmod 755 ${corosync.directory}`);
    for (const [, as] of USERS) {
      await shell('sysctl -w net.unix.max_dgram_qlen=2');
      const slow = await diagnose(`${as} TOOL doctor`);
      expect(slow).toMatchObject({ code: 0, ids: ['datagram-queue'] });
      expect(slow.found('datagram-queue').text).toContain('queues 2 datagrams');
      await shell(commandIn(slow.found('datagram-queue'), /: (sysctl .*)$/));
      expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    }
    expect(corosync.running).toBe(true);
  });
});
