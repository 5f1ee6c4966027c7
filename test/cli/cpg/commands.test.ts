import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { CpgClient } from '../../../src/index.ts';
import { FakeCorosync } from '../../../src/testing/index.ts';
import { CpgPeerOnFake } from '../../helpers/fake/cpg-member.ts';
import { CPG_COMMANDS, type CpgCommandTarget } from '../../scenarios/cpg-commands.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { built, shell, startShell } from '../program.ts';

let fake: FakeCorosync;
let target: CpgCommandTarget;

beforeEach(async () => {
  fake = await FakeCorosync.start({ cluster: {} });
  const { socketDirectory, sharedMemoryDirectory } = fake.connectOptions;
  let pid = 100;
  target = {
    environment: {
      ...process.env,
      COROSYNC_CLIENT_SOCKET_DIRECTORY: socketDirectory,
      COROSYNC_CLIENT_SHM_DIRECTORY: sharedMemoryDirectory,
    },
    join: (group) => CpgPeerOnFake.join(fake, group, (pid += 1)),
    die: async () => {
      fake.die();
      await Promise.resolve();
    },
  };
});

afterEach(() => fake.stop());

describe('the commands of process groups, on the fake', () => {
  it.each(CPG_COMMANDS)('$name', (scenario) => scenario.run(target));
});

it.each(['', '--binary'])('send %s does not take a directory for an empty input', async (option) => {
  expect(
    await shell(`${built('main')} cpg send chat ${option} < /`, { env: target.environment }),
  ).toMatchObject({
    code: 1,
    stderr: 'corosync-client: standard input is a directory\n',
  });
  expect(fake.cpg.groups).toEqual([]);
});

it.each([
  ["''", 'with an empty name'],
  ['nobody', 'nobody'],
])('members %s says which group there is not', async (name, text) => {
  expect(await shell(`${built('main')} cpg members ${name}`, { env: target.environment })).toMatchObject({
    code: 1,
    stderr: `corosync-client: there is no group ${text}\n`,
  });
});

it('send ends only when what it has read is sent, also if that takes long after a signal', async () => {
  const slow = fake.faults.add({ when: { step: 'request', request: 'mcast' }, do: { delayMs: 2500 } });
  const sender = startShell(`exec ${built('main')} cpg send slow < <(printf 'one\\ntwo\\n'; exec sleep 10)`, {
    env: target.environment,
  });
  await using witness = await CpgClient.connect(fake.connectOptions);
  const told: string[] = [];
  await witness.join('slow', {
    listener(event) {
      if (event.kind === 'message') told.push(Buffer.from(event.message).toString());
    },
  });
  await waitUntil('it sends', () => slow.struck > 0);
  sender.kill('SIGINT');
  await once(sender, 'exit');
  expect({ code: sender.exitCode, told }).toEqual({ code: 0, told: ['one', 'two'] });
});

it('listen leaves the group when its reader is too slow for too long, and says so', async () => {
  const listener = startShell(`exec ${built('main')} cpg listen flood`, { env: target.environment });
  let stderr = '';
  listener.stderr.on('data', (data) => (stderr += String(data)));
  await waitUntil('it is a member', () => fake.cpg.groups.includes('flood'));
  const other = { nodeId: 1, pid: 7 };
  fake.cpg.join('flood', other);
  for (let count = 0; count < 100; count++) fake.cpg.mcast('flood', other, Buffer.alloc(1_000_000, 'x'));
  await waitUntil('it has left', () => fake.cpg.members('flood').length === 1, { timeoutMs: 20_000 });
  fake.cpg.leave('flood', other);
  listener.stdout.resume();
  await once(listener, 'exit');
  expect({ code: listener.exitCode, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toMatch(/^corosync-client: cannot listen to flood: CS_ERR_NO_SPACE .*not read in time/);
});

test.each([
  ['', 'cpg needs one of listen, send, groups, members'],
  ['speak', 'cpg needs one of'],
  ['listen', 'cpg listen needs the name of a group'],
  ['listen a b', 'cpg listen takes one group'],
  ['groups a', 'cpg groups takes no arguments'],
  ['listen a --binary', '--binary is for cpg send'],
  ['send a --json', 'cpg send prints nothing; leave --json out'],
  ['send a --binary text', '--binary is for standard input; leave the text out'],
  ['groups --pid 7', '--pid is for cpg listen and cpg send'],
  ['listen a --pid 4294967296', '--pid takes a whole number from 0 to 4294967295, not 4294967296'],
  ['listen a --pid x', '--pid takes a whole number'],
  ["listen ''", 'the name of a group has 1 to 127 bytes, not 0'],
  [`send ${'l'.repeat(128)} text`, 'the name of a group has 1 to 127 bytes, not 128'],
  ['listen a --map stats', '--map is for the commands that ask the configuration map'],
])('cpg %s is refused', async (words, message) => {
  const { code, stdout, stderr } = await shell(`${built('main')} cpg ${words}`, { env: target.environment });
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
