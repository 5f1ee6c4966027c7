import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { compareTools, CPGTOOL } from '../helpers/integration/integration-beside-tool.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { CPG_COMMANDS, type OtherMember } from '../scenarios/cpg-commands.ts';

// cpgtool beside corosync-cpgtool: same corosync, same arguments, same bytes and exit codes. And the commands of our own, on a real corosync.

const READING = [
  '',
  '-n',
  '-e',
  '-en',
  "-d ';'",
  "-d ';' -n",
  '-d abc -e',
  "-d ''",
  "-d $'\\xff' -en",
  '-n words -e',
  '-- -n',
];
/** corosync is not asked. */
const ARGUMENTS = ['-h', '-x', '-hx', '-xh', '-d', '-n -d', '--help', '-V', '-h -d'];
const NAMES = ['chat', 'a\\b \t"\n~\x7f', Buffer.from('c3a9ff00', 'hex'), 'l'.repeat(127)];

describeIntegration('cpgtool beside corosync-cpgtool', () => {
  let corosync: PrivateCorosync;
  const peers: CpgPeer[] = [];

  const join = async (name: string | Uint8Array): Promise<void> => {
    const peer = new CpgPeer();
    peers.push(peer);
    expect((await peer.connect()).code).toBe(1);
    expect(await peer.join(name)).toBe(1);
    await peer.notified(1);
  };

  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
  });
  afterAll(async () => {
    for (const peer of peers) await peer.stop();
    await corosync.stop();
  });

  test.each(['', '-n', '-d:', '-n -d:'])('%j where there is no group', async (line) => {
    await compareTools(CPGTOOL, line);
  });

  describe('where there are groups', () => {
    beforeAll(async () => {
      for (const name of [...NAMES, 'chat', 'chat']) await join(name);
    });

    test.each([...READING, ...ARGUMENTS])('%j', async (line) => {
      await compareTools(CPGTOOL, line);
    });

    it('a user who may not connect', async () => {
      const { code } = await compareTools(CPGTOOL, '-n', {
        under: 'setpriv --reuid=1 --regid=1 --clear-groups',
      });
      expect(code).toBe(1);
    });
  });
});

describeIntegration('cpgtool beside corosync-cpgtool, without a corosync', () => {
  test.each(['', '-n', '-d:', ...ARGUMENTS])('%j', async (line) => {
    await compareTools(CPGTOOL, line);
  });
});

/** A libcpg program in a group. */
async function member(group: string | Uint8Array): Promise<OtherMember> {
  const peer = new CpgPeer();
  expect((await peer.connect()).code).toBe(1);
  expect(await peer.join(group)).toBe(1);
  await peer.notified(1);
  return {
    pid: peer.pid,
    async mcast(message) {
      expect(await peer.mcast(message)).toBe(1);
    },
    heard: () => peer.events.flatMap((event) => (event.type === 'deliver' ? [event.message.toString()] : [])),
    leave: () => peer.stop(),
  };
}

describeOnCorosync('the commands of process groups', (suite) => {
  it.each(CPG_COMMANDS)('$name', async (scenario) => {
    suite.tolerate(/event_send|Denied connection/);
    await scenario.run({
      environment: process.env,
      join: member,
      die: async () => {
        suite.corosync.kill('SIGKILL');
        await suite.corosync.exited();
      },
    });
    if (!suite.corosync.running) await suite.restart();
  });
});
