import { afterEach, describe, expect, it } from 'vitest';
import { FakeCluster, type FakeClusterStartOptions } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { OngoingProgram, run } from './program-on-cluster.ts';

let fake: FakeCluster;

afterEach(() => fake.stop());

async function start(options: FakeClusterStartOptions = {}): Promise<void> {
  fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2, ...options });
}

const time = /\d\d:\d\d:\d\d/g;

describe('status', () => {
  it('shows the cluster, the verdict first', async () => {
    await start({ configVersion: 4 });
    fake.link('b', 1).down();
    const { code, stdout } = await run(fake, ['status']);
    expect(code).toBe(0);
    expect(stdout.replaceAll(time, 'TIME')).toBe(
      [
        '3 of 4 links up: link 1 to b down.',
        'Quorate, 1 node can be lost.',
        '3 of 3 nodes.',
        'state     fresh as of TIME',
        'cluster   private, knet',
        'node      1 a',
        'ring      1.8',
        'votes     3 of 3; quorum is 2',
        '',
        'NODE  NAME  STATE      VOTES  JOINS  IF LOST  CONFIG',
        '   1  a     this node      1      1  quorate  4',
        '   2  b     member         1      1  quorate  4',
        '   3  c     member         1      1  quorate  4',
        '',
        'LINKS TO  0   1',
        'b         up  DOWN',
        'c         up  up',
        '',
        'totem     token 1000 ms, silent 0 ms, rotation 0 ms, lost 0, retransmits 0',
        'config    version 4, not reloaded',
        '',
      ].join('\n'),
    );
  });

  it('says so where there is trouble, by its exit code, too', async () => {
    await start();
    fake.node('c').leave();
    fake.node('b').vanish();
    fake.missSchedule(2600);
    fake.reload({ ok: false });
    const { code, stdout } = await run(fake, ['status']);
    expect(code).toBe(4);
    expect(stdout).toMatch(
      /^NOT quorate: 1 of 3 votes, 2 needed\.\n1 of 3 nodes: b is gone, c is gone\.\nThe last reload FAILED: /,
    );
    expect(stdout).toContain('b         DOWN  DOWN\n');
    expect(stdout).toMatch(/\nschedule {2}missed by 2600 ms at \d\d:\d\d:\d\d\n/);
    expect(stdout).toMatch(/\nconfig {4}.*last reload FAILED, STUCK\n/);
    fake.die();
    expect(await run(fake, ['status'])).toMatchObject({ code: 3, stdout: '' });
  });

  it('has colours on a terminal only, and not where they are not wanted', async () => {
    await start();
    fake.node('c').leave();
    const shown = async (variables: Record<string, string>, isTTY = true): Promise<string> =>
      (await run(fake, ['status'], { isTTY, variables })).stdout;
    const coloured = await shown({ TERM: 'xterm' });
    expect(coloured).toContain('\x1b[1;31mDOWN\x1b[0m');
    expect(coloured).toContain('   3  c     \x1b[1;31mleft\x1b[0m');
    const plain = await shown({}, false);
    const uncoloured = (text: string): string => text.replaceAll(/\x1b\[[\d;]*m/g, '').replaceAll(time, '');
    expect(uncoloured(coloured)).toBe(uncoloured(plain));
    for (const variables of [{ TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'dumb' }, {}])
      expect(await shown(variables as Record<string, string>)).not.toContain('\x1b');
    expect(await shown({ TERM: 'xterm', NO_COLOR: '' })).toContain('\x1b');
  });

  it('keeps within 80 columns, whatever names are, and lets none steer a terminal', async () => {
    const name = 'n'.repeat(60);
    await start({
      nodes: [`${name}1`, `${name}2\x1b[2J`, 'c'],
      links: 8,
      name: `c\x1b]0;${'x'.repeat(200)}`,
    });
    fake.node(2).vanish();
    const { stdout } = await run(fake, ['status'], { isTTY: true, variables: { TERM: 'dumb' } });
    expect(stdout).not.toMatch(/[\x1b\x7f-\x9f]/);
    // A name that has no blank is broken nowhere.
    const lines = stdout.split('\n').filter((line) => !line.includes(name));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.length).toBeGreaterThan(10);
  });

  it('is a state in JSON, with a format', async () => {
    await start();
    const { code, stdout } = await run(fake, ['status', '--json']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({
      format: 1,
      freshness: { kind: 'fresh', asOf: expect.stringMatching(/^\d{4}-.*Z$/) as string },
      name: 'private',
      localNodeId: 1,
      ring: { nodeId: 1, seq: '8' },
      quorum: { quorate: true, votes: { total: 3, needed: 2, failureTolerance: 1 } },
      nodes: [{ id: 1, name: 'a', state: 'member' }, { id: 2 }, { id: 3 }],
      links: [{ nodeId: 2, link: 0, connected: true }, {}, {}, {}],
      totem: { tokenMs: 1000, tokenLost: { operational: '0' } },
    });
    expect((await run(fake, ['status', 'now'])).code).toBe(2);
  });
});

describe('status --watch', () => {
  it('goes on, with the latest events, and across a death of corosync', async () => {
    await start();
    await using watching = new OngoingProgram(fake, 'status --watch');
    const shows = (what: RegExp): Promise<void> =>
      waitUntil(`it shows ${what}`, () => what.test(watching.stdout));
    await shows(/Quorate, 1 node can be lost\.\n/);
    fake.node('c').leave();
    await shows(/\d\d:\d\d:\d\d {2}notice {4}c has left\.\n/);
    await shows(/2 of 3 nodes: c is gone\./);
    fake.die();
    await shows(/Nothing is known any more: corosync is not there\./);
    await fake.restart();
    await shows(/Corosync is there\./);
    const { code, stdout, stderr } = await watching.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\x1b');
  });

  it('is a state a line in JSON', async () => {
    await start();
    await using watching = new OngoingProgram(fake, 'status --watch --json');
    await waitUntil('there is one', () => watching.objects.length > 0);
    fake.node('c').leave();
    await waitUntil('there is one without it', () =>
      watching.objects.some(({ nodes }) => (nodes as { state: string }[])[2]?.state === 'left'),
    );
    expect((await watching.stop()).code).toBe(0);
  });
});
