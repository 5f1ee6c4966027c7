import { afterEach, describe, expect, it } from 'vitest';
import { FakeCluster, type FakeClusterStartOptions } from '../../../src/testing/index.ts';
import { run } from './program-on-cluster.ts';

let fake: FakeCluster;

afterEach(() => fake.stop());

async function start(options: FakeClusterStartOptions = {}): Promise<void> {
  fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2, ...options });
}

const check = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(fake, ['check', ...words]);
  expect(stderr).toBe('');
  return `${code} ${stdout}`;
};

describe('check', () => {
  it('of a whole cluster is ok, with figures', async () => {
    await start();
    expect(await check()).toBe(
      '0 COROSYNC OK - quorate, 1 node can be lost; 3 of 3 nodes; 4 of 4 links up' +
        ' | quorate=1;;1:;0;1 votes=3;;2:;0;3 tolerance=1;;;0 members=3;;;0;3 links_up=4;;;0;4 token_silence=0ms;;;0\n',
    );
    expect(await check('quorum')).toMatch(/^0 COROSYNC OK - quorate, 1 node can be lost \| /);
    expect(await check('--quiet')).toBe('0 ');
    const { code } = await run(fake, ['status', '--check', '--quiet']);
    expect(code).toBe(0);
  });

  it('warns of what is missing, and not of what explains itself', async () => {
    await start();
    fake.link('b', 1).down();
    expect(await check('links')).toMatch(/^1 COROSYNC WARNING - 3 of 4 links up: link 1 to b down \| /);
    expect(await check('members')).toMatch(/^0 COROSYNC OK - 3 of 3 nodes \| /);
    fake.node('c').leave();
    expect(await check('members')).toMatch(/^1 COROSYNC WARNING - 2 of 3 nodes: c is gone \| /);
    expect(await check('quorum')).toMatch(/^1 COROSYNC WARNING - quorate, no node can be lost \| /);
    fake.link('b', 1).up();
    expect(await check('links')).toMatch(/^0 COROSYNC OK - 2 of 2 links up \| /);
    expect(await check('--ignore-left-nodes')).toMatch(
      /^0 COROSYNC OK - quorate, no node can be lost; 2 of 3 nodes: c is gone; 2 of 2 links up \| /,
    );
  });

  it('names all links to a node that are down in few words', async () => {
    await start();
    fake.link('b', 0).down();
    fake.link('c', 0).down();
    fake.corosync.cluster.setLink(2, 1, { connected: false });
    expect(await check('links')).toMatch(
      /^2 COROSYNC CRITICAL - 1 of 4 links up: link 0 to all, link 1 to b down \(an interface of this node, or its network\) \| /,
    );
  });

  it('warns of a reload that failed', async () => {
    await start();
    fake.reload({ ok: false });
    expect(await check()).toMatch(/^1 COROSYNC WARNING - the last reload FAILED[^;|]*; quorate, /);
    expect(await check('quorum')).toMatch(/^0 /);
    fake.reload({ ok: true });
    expect(await check()).toMatch(/^0 COROSYNC OK - quorate, /);
  });

  it('is critical where corosync cannot form a cluster, whatever it says of one', async () => {
    await start();
    fake.corosync.cmap.setStat('stats.srp.firewall_enabled_or_nic_failure', { type: 'uint8', value: 1 });
    const text = 'corosync cannot form a cluster: a firewall, or a network interface';
    expect(await check('quorum')).toContain(`2 COROSYNC CRITICAL - ${text}; quorate, `);
    fake.setTokenSilence(60_000);
    expect(await check()).toContain(
      `2 COROSYNC CRITICAL - ${text}; corosync is still finding out what the cluster is | `,
    );
    expect(await run(fake, ['status'])).toMatchObject({ code: 4 });
  });

  it('is critical without quorum, the worst first', async () => {
    await start();
    fake.partition(['b', 'c']);
    expect(await check('--ignore-left-nodes')).toMatch(
      /^2 COROSYNC CRITICAL - NOT quorate: 1 of 3 votes, 2 needed; 1 of 3 nodes: b is gone, c is gone; no link to another node is up \| quorate=0;;1:;0;1 votes=1;;2:;0;3 /,
    );
  });

  it('does not warn of a cluster that is as it was meant', async () => {
    await start({ nodes: 1 });
    expect(await check()).toMatch(
      /^0 COROSYNC OK - quorate, no node can be lost; 1 of 1 node; no links to other members/,
    );
    await fake.stop();
    await start({ nodes: 2, provider: 'none' });
    expect(await check()).toMatch(
      /^0 COROSYNC OK - quorate, for want of a provider of quorum; 2 of 2 nodes; /,
    );
  });

  it('warns of a quorum device that does not report', async () => {
    await start({ nodes: 2, device: { votes: 1 } });
    fake.setDevice({ registered: true, alive: true, castsVote: true, name: 'q' });
    expect(await check('quorum')).toMatch(/^0 COROSYNC OK - quorate, /);
    fake.setDevice({ registered: true, name: 'q' });
    expect(await check('quorum')).toMatch(/^1 COROSYNC WARNING - .*; the quorum device does not report \| /);
  });

  it('cannot tell without corosync, nor by a wrong command line', async () => {
    await start();
    fake.die();
    expect(await check()).toMatch(/^3 COROSYNC UNKNOWN - cannot connect: CS_ERR_LIBRARY [^|\n]*\n$/);
    expect(await check('--quiet')).toBe('3 ');
    expect(await run(fake, ['check', 'everything'])).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'corosync-client: check takes one of quorum, links, members, all, not everything (see corosync-client help)\n',
    });
    expect((await run(fake, ['check', '--loud'])).code).toBe(3);
    expect((await run(fake, ['check', '--map', 'stats'])).code).toBe(3);
  });

  it('cannot tell where corosync does not answer in time', async () => {
    await start();
    fake.pause();
    expect(await check('--timeout', '100')).toMatch(
      /^3 COROSYNC UNKNOWN - cannot tell how the cluster is: CS_ERR_TIMEOUT/,
    );
    fake.resume();
  });

  it('lets no name steer a terminal, or end the text', async () => {
    await start({ nodes: ['a', 'b|\x1b[2J\u202e', 'c'] });
    fake.node(2).vanish();
    const line = await check('members');
    expect(line).toContain('b/\\x1B[2J\\u202E is gone | quorate=');
    expect(line).not.toMatch(/[\x1b\u202e]/);
  });
});
