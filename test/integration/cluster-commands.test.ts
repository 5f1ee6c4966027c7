import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, exitCodeOf, outcomeOf, shell, startShell, type Outcome } from '../cli/program.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// The commands that tell of the cluster, as whole programs on a corosync of one node. Three nodes are in quorum-tools-cluster.test.ts.

const client = (line: string): Promise<Outcome> => shell(`exec ${built('main')} ${line}`);

function json({ stdout }: Outcome): unknown[] {
  const lines = stdout.toString().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

describeIntegration('quorum, members and links', () => {
  let corosync: PrivateCorosync;
  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
  });
  afterAll(() => corosync.stop());

  it('tell what corosync-quorumtool tells', async () => {
    const quorum = await client('quorum --json');
    expect(quorum.code).toBe(0);
    expect(json(quorum)).toMatchObject([
      {
        quorate: true,
        node: 1,
        members: [1],
        votes: { expected: 1, highestExpected: 1, total: 1, quorum: 1 },
        flags: ['quorate'],
        device: null,
      },
    ]);
    const { stdout } = await shell('corosync-quorumtool -s');
    const ring = /^Ring ID: +(\S+)$/m.exec(stdout.toString())?.[1];
    expect((await client('quorum')).stdout.toString()).toContain(`\nring      ${ring}\n`);
    expect(json(await client('members --json'))).toEqual([
      { node: 1, name: 'node1', local: true, member: true, votes: 1, addresses: ['127.0.0.1'] },
    ]);
    expect(await client('links')).toMatchObject({ code: 0, stderr: '' });
  });

  it('watch quorum: what holds, and what changes; a signal ends it, and nothing is left', async () => {
    const running = startShell(`exec ${built('main')} quorum --watch --json`);
    const ended = outcomeOf(running);
    await tracked(corosync);
    await shell('corosync-cmapctl -s quorum.expected_votes u32 3');
    const inquorate = async (): Promise<boolean> => (await client('quorum')).code === 4;
    await waitUntil('quorum is lost', inquorate, { everyMs: 100 });
    await shell('corosync-cmapctl -s quorum.expected_votes u32 1');
    await waitUntil('quorum is back', async () => !(await inquorate()), { everyMs: 100 });
    running.kill('SIGINT');
    const outcome = await ended;
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(json(outcome)).toMatchObject([
      { event: 'snapshot', quorate: true, members: [1] },
      { event: 'quorum', quorate: false, members: [1] },
      { event: 'quorum', quorate: true, members: [1] },
    ]);
    await waitUntil('nothing is left', () => corosync.sharedMemoryLeftovers().length === 0);
    expect(corosync.logLines('warning')).toEqual([]);
  });

  it('end with the reader of their output', async () => {
    const { code } = await shell(`set -o pipefail; ${built('main')} quorum | head -n 1`);
    expect(code).toBe(0);
    const watching = startShell(`set -o pipefail; ${built('main')} quorum --watch | head -n 1`);
    await tracked(corosync);
    const closed = once(watching, 'close');
    let over = false;
    void closed.then(() => (over = true));
    // That its reader is gone shows when it writes the next time.
    await waitUntil('it has ended', async () => {
      await shell('corosync-cmapctl -s quorum.expected_votes u32 3');
      await shell('corosync-cmapctl -s quorum.expected_votes u32 1');
      return over;
    });
    const [exitCode] = (await closed) as [number];
    expect({ exitCode, code: exitCodeOf(watching) }).toEqual({ exitCode: 0, code: 0 });
  });
});

describeIntegration('quorum, members and links without votequorum', () => {
  it('tell the rest', async () => {
    await using corosync = await PrivateCorosync.start({ provider: 'none' });
    expect(corosync.running).toBe(true);
    expect(json(await client('quorum --json'))).toMatchObject([
      { quorate: true, node: 1, members: [1], votes: null, flags: [], device: null },
    ]);
    expect((await client('members')).stdout.toString()).toMatch(
      /\n +1 {2}node1 {2}this node +- {2}127.0.0.1\n$/,
    );
  });
});

/** Somebody's tracking of quorum has told what holds. */
async function tracked(corosync: PrivateCorosync): Promise<void> {
  const told = async (): Promise<boolean> => {
    const statistics = await corosync.statistics('stats.ipcs.service3.');
    return [...statistics].some(([key, value]) => key.endsWith('.dispatched') && value !== '0');
  };
  await waitUntil('somebody tracks quorum', told, { everyMs: 50 });
}
