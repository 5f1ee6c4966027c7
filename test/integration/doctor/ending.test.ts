import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, diagnose } from '../../helpers/doctor/diagnosis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** The sockets that have the name: the one that listens, and one for each connection to it. */
function namedSockets(): number {
  return readFileSync('/proc/net/unix', 'utf8').match(/ @cmap@*$/gm)?.length ?? 0;
}

describeIntegration('doctor and a corosync that ends while doctor waits for it', () => {
  it.each([
    ['root', ''],
    ['a user', NOBODY],
  ])('says that it has ended, and where the reason is: %s', async (_, as) => {
    await using corosync = await PrivateCorosync.start({ uidgid: { uid: 65534 } });
    await shell(`chmod 755 ${corosync.directory}`);
    // It takes nobody in before it ends.
    corosync.pause();
    const before = namedSockets();
    const diagnosing = diagnose(`${as} TOOL doctor --timeout 20000`);
    await waitUntil('doctor is connecting', () => namedSockets() > before);
    corosync.kill('SIGKILL');
    const ended = await diagnosing;
    expect(ended).toMatchObject({ code: 1, ids: ['corosync-stopped', 'not-connected'] });
    expect(ended.found('not-connected').remedy).toBe(
      `corosync (pid ${corosync.pid}) has ended meanwhile: journalctl -u corosync says why`,
    );
  });
});
