import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { nodeAddresses, OtherNode } from '../helpers/corosync/other-node.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import {
  CFGTOOL,
  compareTools,
  essence,
  QUORUMTOOL,
  startBoth,
  type Tools,
} from '../helpers/integration/integration-beside-tool.ts';
import { built, shell, type Outcome } from '../cli/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// quorumtool and cfgtool on the first of three nodes, beside the C tools that they stand for.

const TRANSPORTS = [
  [
    'knet',
    2,
    'interface {\n    knet_ping_interval: 100\n    knet_ping_timeout: 500\n    knet_pong_count: 1\n  }',
  ],
  ['udpu', 1, 'transport: udpu'],
] as const;

/** In another order than the ids. */
const NAMES = ['one', 'two', 'another'];

const QUORUM_READING = ['-s', '-l -a -i', '-H -p', '-l -o i'];
const CFG_READING = ['-s', '-n', '-b -s', '-a 1', '-a 3'];

async function compareAll(): Promise<void> {
  for (const line of QUORUM_READING) await compareAtRest(QUORUMTOOL, line);
  for (const line of CFG_READING) await compareAtRest(CFGTOOL, line);
}

/** Again, if a link came up or a node left between the two. */
async function compareAtRest(tools: () => Tools, line: string): Promise<void> {
  const { theirs } = tools();
  for (;;) {
    const before = essence(await shell(`exec ${theirs} ${line}`));
    try {
      await compareTools(tools, line);
      return;
    } catch (error) {
      const after = essence(await shell(`exec ${theirs} ${line}`));
      if (isDeepStrictEqual(before, after)) throw error;
    }
  }
}

async function printed(command: string): Promise<string> {
  return (await shell(command)).stdout.toString();
}

const client = (line: string): Promise<Outcome> => shell(`exec ${built('main')} ${line}`);

async function sees(nodes: number): Promise<void> {
  const check = async (): Promise<boolean> =>
    new RegExp(`^Nodes: +${nodes}$`, 'm').test(await printed('corosync-quorumtool -s'));
  await waitUntil(`node 1 sees ${nodes}`, check, { timeoutMs: 30_000, everyMs: 200 });
}

describe.each(TRANSPORTS)('over %s', (_transport, links, totem) => {
  describeIntegration("the tools beside corosync's, on three nodes", () => {
    let corosync: PrivateCorosync;
    const others: OtherNode[] = [];
    const third = (): OtherNode => {
      const [, node] = others;
      if (node === undefined) throw new Error('there is no third node');
      return node;
    };

    beforeAll(async () => {
      const options = {
        nodes: nodeAddresses(3, links),
        names: NAMES,
        config: { totem: `token: 2000\n  ${totem}` },
      };
      for (const nodeId of [2, 3]) others.push(await OtherNode.start(nodeId, options));
      corosync = await PrivateCorosync.start(options);
      await sees(3);
    }, 60_000);
    afterAll(async () => {
      await corosync.stop();
      for (const node of others) await node[Symbol.asyncDispose]();
    });

    it('show a whole cluster', compareAll, 60_000);

    it('have commands beside them that tell the same', { timeout: 60_000 }, async () => {
      const allUp = async (): Promise<boolean> => (await client('links')).code === 0;
      await waitUntil('all links are up', allUp, { timeoutMs: 30_000, everyMs: 200 });
      const { stdout, code } = await client('links --json');
      const states = stdout.toString().match(/"connected":true/g);
      expect({ code, states }).toMatchObject({ code: 0, states: { length: 2 * links } });
      const members = await client('members');
      expect(members.stdout.toString()).toMatch(
        /\n +1 {2}one +this node[^]*\n +2 {2}two +member[^]*\n +3 {2}another/,
      );
      expect((await client('quorum')).stdout.toString()).toMatch(/^quorate +yes\nnode +1\nmembers +1 2 3\n/);
    });

    test.runIf(links > 1)('show a link that is cut', { timeout: 60_000 }, async () => {
      await third().run('ip', 'addr', 'del', '10.99.1.3/24', 'dev', 'eth0');
      const looks = (states: string) => async (): Promise<boolean> =>
        (await printed('corosync-cfgtool -b -s')).endsWith(`= ${states}\n`);
      await waitUntil('the link is down', looks('n31'), { timeoutMs: 20_000, everyMs: 200 });
      await compareAll();
      const { stdout, code } = await client('links');
      expect(code).toBe(4);
      expect(stdout.toString()).toMatch(/\n +3 {2}another +1 {2}disconnected +\d+ {2}10.99.1.3\n$/);
      await third().run('ip', 'addr', 'add', '10.99.1.3/24', 'dev', 'eth0');
      await waitUntil('the link is up', looks('n33'), { timeoutMs: 20_000, everyMs: 200 });
    });

    it('show votes that differ; in another order, each node with its own', { timeout: 60_000 }, async () => {
      await shell('corosync-quorumtool -v 2 -n 3');
      const set = async (): Promise<boolean> => /^ +3 +2 /m.test(await printed('corosync-quorumtool -l'));
      await waitUntil('node 3 has 2 votes', set, { everyMs: 100 });
      await compareAll();
      // The C tool sorts the names, and leaves the votes where they were.
      expect(await printed('corosync-quorumtool -l -o n')).toMatch(
        / 3 +1 another\n +1 +1 one .*\n +2 +2 two/,
      );
      expect(await printed(`${QUORUMTOOL().ours} -l -o n`)).toMatch(
        / 3 +2 another\n +1 +1 one .*\n +2 +1 two/,
      );
    });

    it('kill a node', { timeout: 120_000 }, async () => {
      const seen = [];
      for (const tool of [CFGTOOL().theirs, CFGTOOL().ours]) {
        const { code, stdout, stderr } = await shell(`exec ${tool} -k 3`);
        await waitUntil('node 3 has ended', () => third().exitCode !== undefined);
        seen.push({ code, stdout: stdout.toString(), stderr, exit: third().exitCode });
        await sees(2);
        third().start();
        await sees(3);
      }
      expect(seen[0]).toEqual({ code: 0, stdout: 'Killing node 3\n', stderr: '', exit: 255 });
      expect(seen[1]).toEqual(seen[0]);
    });

    it('tell of nodes that leave, until corosync does', { timeout: 120_000 }, async () => {
      const both = startBoth(QUORUMTOOL, '-m');
      await trackers(corosync, 2);
      await third().stop();
      await sees(2);
      await compareAll();
      await others[0]?.killed();
      await sees(1);
      await compareAll();
      await corosync.stop();
      const [theirs, ours] = await both.ended();
      expect(ours && essence(ours), ours?.stderr).toEqual(theirs && essence(theirs));
      expect(ours?.stderr).toBe(theirs?.stderr);
      expect(theirs?.stdout.toString().match(/^Nodes: +\d/gm)).toHaveLength(3);
    });
  });
});

/** Both tools have said that they want to know: each is connected to quorum, and to votequorum the one that asks there. */
async function trackers(corosync: PrivateCorosync, count: number): Promise<void> {
  const connected = async (): Promise<boolean> => {
    const statistics = await corosync.statistics('stats.ipcs.service3.');
    const dispatched = [...statistics].filter(([key, value]) => key.endsWith('.dispatched') && value !== '0');
    return dispatched.length >= count;
  };
  await waitUntil('both tools track', connected, { everyMs: 100 });
}
