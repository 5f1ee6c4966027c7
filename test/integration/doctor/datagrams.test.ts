import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { built, shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';

describeIntegration('doctor and the package for datagram sockets', () => {
  let corosync: PrivateCorosync;
  let program = '';
  let original = '';

  beforeEach(async () => {
    corosync = await PrivateCorosync.start({ ipcType: 'socket', uidgid: { uid: 65534 } });
    // The program without what is installed beside it.
    program = mkdtempSync('/run/program-');
    original = /'(.*)\/dist\//.exec(built('main'))?.[1] ?? '';
    for (const name of ['dist', 'package.json'])
      cpSync(join(original, name), join(program, name), { recursive: true });
    await shell(`chmod 755 ${program}`);
  });
  afterEach(async () => {
    await corosync.stop();
    rmSync(program, { recursive: true });
  });

  const run = (as: string): ReturnType<typeof diagnose> =>
    diagnose(`${as} node ${program}/dist/cli/main.cjs doctor`);

  it('says that it is not installed, and which it is', async () => {
    // A user need not be able to read how corosync is configured: its answer tells.
    for (const as of ['', NOBODY]) {
      const lacking = await run(as);
      const unread = as === '' ? [] : ['rule-unknown'];
      expect(lacking).toMatchObject({ code: 1, ids: [...unread, 'datagram-package', 'not-connected'] });
      expect(lacking.found('datagram-package').text).toContain('is not installed');
      expect(lacking.found('not-connected').remedy).toBe('the reason is above: datagram-package');
    }
    const name = commandIn((await run('')).found('datagram-package'), /npm install (\S+) /);
    mkdirSync(join(program, 'node_modules'));
    await shell(`cp -r ${original}/node_modules/${name}* ${program}/node_modules/`);
    for (const as of ['', NOBODY]) expect(await run(as)).toMatchObject({ code: 0 });
  });

  it('says that it is installed and cannot be loaded', async () => {
    const broken = join(program, 'node_modules/node-unix-socket');
    mkdirSync(broken, { recursive: true });
    await shell(`echo 'not a library' > ${broken}/some.node`);
    await shell(`echo "module.exports = require('./some.node');" > ${broken}/index.js`);
    const lacking = await run('');
    expect(lacking).toMatchObject({ code: 1, ids: ['datagram-package', 'not-connected'] });
    expect(lacking.found('datagram-package').text).toContain('is installed and cannot be loaded here');
  });
});
