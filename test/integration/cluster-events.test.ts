import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Cluster, VotequorumClient, type ClusterEvent } from '../../src/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { nodeAddresses } from '../helpers/corosync/other-node.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
const QUICK = { backOff: { firstDelayMs: 20, maxDelayMs: 50 } } as const;

/** An event, in short: `link.down 2/0 (member.left)`. */
function short(event: ClusterEvent): string {
  const node = 'nodeId' in event ? ` ${event.nodeId}` : '';
  const link = 'link' in event ? `/${event.link}` : '';
  return `${event.type}${node}${link}${event.explainedBy === undefined ? '' : ` (${event.explainedBy.type})`}`;
}

/** Without what is told where a busy machine takes longer than a second for a new membership. */
function withoutUnrest(words: readonly string[]): string[] {
  return words.filter((one) => one !== 'settling' && one !== 'fresh');
}

/** What a cluster has told, in parts. That the token was away is told only if corosync measured it then: it is left out. */
class Tale {
  readonly #told: ClusterEvent[] = [];
  #from = 0;

  constructor(cluster: Cluster) {
    cluster.events({
      listener: (event) => {
        if (event.type !== 'token.silent') this.#told.push(event);
      },
    });
  }

  get events(): readonly ClusterEvent[] {
    return this.#told.slice(this.#from);
  }

  get words(): readonly string[] {
    return this.events.map(short);
  }

  /**
   * What has been told since the last part: exactly this. What comes at different paces comes in any order.
   * @param maybe may be there, too
   */
  async part(
    what: string,
    expected: readonly string[],
    maybe: readonly string[] = [],
  ): Promise<readonly ClusterEvent[]> {
    await waitUntil(`${what}: it was told`, () => expected.every((one) => this.words.includes(one)), {
      timeoutMs: 30_000,
      everyMs: 10,
    }).catch((error: unknown) => {
      const words = `${what}: told was ${this.words.join(', ')}; expected ${expected.join(', ')}`;
      throw new Error(words, { cause: error });
    });
    expect(
      withoutUnrest(this.words)
        .filter((words) => !maybe.includes(words))
        .sort(),
      what,
    ).toEqual([...expected].sort());
    return this.take();
  }

  take(): readonly ClusterEvent[] {
    const part = this.events;
    this.#from = this.#told.length;
    return part;
  }
}

const both = (event: 'down' | 'up', nodeId: number, why: string): string[] =>
  [0, 1].map((link) => `link.${event} ${nodeId}/${link} (${why})`);

/** How often links went down. */
function downs(events: readonly ClusterEvent[]): number {
  return events.reduce((sum, event) => {
    if (event.type === 'link.flapped') return sum + event.times;
    return event.type === 'link.down' ? sum + 1 : sum;
  }, 0);
}

/** Link 1 is given up soon, and taken again soon: on a busy machine also when nobody does anything. */
const quickLink = `interface {
    linknumber: 1
    knet_ping_interval: 50
    knet_ping_timeout: 100
    knet_pong_count: 1
  }`;
/** Node 2's address of link 1. */
const ADDRESS = ['10.99.1.2/24', 'dev', 'eth0'];

describeIntegration('the events of three nodes', () => {
  it('are what really happened', { timeout: 300_000 }, async () => {
    const nodes = nodeAddresses(3, 2);
    await using cluster = await NamespaceCluster.start(3, {
      nodes,
      // A node is missed after almost six seconds: within them it has to start again, on a machine on which others start, too.
      config: { totem: 'token: 2000\n  config_version: 7' },
    });
    await using picture = Cluster.open(QUICK);
    const tale = new Tale(picture);
    await picture.ready();
    const untilLinksAreUp = (): Promise<void> =>
      waitUntil(
        'all links are up',
        () => picture.state?.links?.every(({ connected }) => connected) === true,
        {
          timeoutMs: 40_000,
        },
      );
    await untilLinksAreUp();
    expect(tale.words[0]).toBe('snapshot');
    tale.take();
    const node3 = cluster.node(3);
    /** How often its links went down, by corosync's own count. */
    const counts = async (): Promise<number> => {
      const statistics = await cluster.first.statistics('stats.knet.node3.');
      return [0, 1].reduce(
        (sum, link) => sum + Number(statistics.get(`stats.knet.node3.link${link}.down_count`)),
        0,
      );
    };

    await node3.stop();
    const left = ['member.left 3', 'quorum.tolerance', ...both('down', 3, 'member.left')];
    const [stopped] = await tale.part('a node is stopped', left);
    expect(stopped).toMatchObject({ message: 'node3 has left.', inferred: false });
    node3.start();
    const back = ['member.joined 3', 'quorum.tolerance', ...both('up', 3, 'member.joined')];
    await tale.part('it comes', back);

    const failed = [
      'token.lost (member.failed)',
      'member.failed 3',
      'quorum.tolerance',
      ...both('down', 3, 'member.failed'),
    ];
    await node3.killed();
    await tale.part('a node is killed', failed);
    node3.start();
    await tale.part('it comes again', back);

    await node3.unplug();
    await tale.part('a cable is pulled', failed);
    await node3.plugIn();
    await tale.part('it is plugged in', back);

    node3.kill('SIGSTOP');
    await tale.part('a node stands still', failed);
    node3.kill('SIGCONT');
    await tale.part('it goes on', back);

    /**
     * What has become of its links is told, by corosync's own count, and explained by that, or by nothing. One may go down beside another that does not: that is
     * told before anything is known of the node.
     */
    const untilItsLinksAreTold = async (since: number, why: string): Promise<void> => {
      const about = (link: number): string[] => {
        const ofLink = ['link.flapped', 'link.down', 'link.up'].map((type) => `${type} 3/${link}`);
        const words = tale.words.filter((one) => one.startsWith('link.'));
        return words.filter((one) => ofLink.some((start) => one.startsWith(start)));
      };
      await waitUntil('it is told', async () => downs(tale.events) === (await counts()) - since, {
        timeoutMs: 40_000,
      });
      await untilLinksAreUp();
      const links = [0, 1].map(about);
      expect(links.flat()).toHaveLength(tale.words.filter((words) => words.startsWith('link.')).length);
      const unexplained = links.filter((words) => words.some((one) => !one.endsWith(why)));
      for (const words of unexplained)
        expect(['link.flapped', 'link.down,link.up']).toContain(words.map((one) => one.split(' ')[0]).join());
      expect(unexplained.length).toBeLessThan(2);
    };
    const others = (): string[] => withoutUnrest(tale.words).filter((words) => !words.startsWith('link.'));

    let before = await counts();
    node3.kill('SIGSTOP');
    await sleep(3000); // longer than the token timeout; its links have to be up again before it is given up
    node3.kill('SIGCONT');
    await waitUntil('the token is told', () => tale.words.includes('token.lost'));
    await untilItsLinksAreTold(before, '');
    expect(others()).toEqual(['token.lost']);
    tale.take();

    before = await counts();
    await node3.killed();
    node3.start();
    await waitUntil('the restart is told', () => tale.words.includes('member.restarted 3'));
    await untilItsLinksAreTold(before, ' (member.restarted)');
    expect(others()).toEqual(['token.lost (member.restarted)', 'member.restarted 3']);
    tale.take();

    await cluster.node(2).run('ip', 'addr', 'del', ...ADDRESS);
    const [cut] = await tale.part('a link is cut', ['link.down 2/1']);
    expect(cut).toMatchObject({
      last: false,
      severity: 'warning',
      message: 'Link 1 to node2 is down; link 0 carries on.',
    });
    await cluster.node(2).run('ip', 'addr', 'add', ...ADDRESS);
    await tale.part('it is whole', ['link.up 2/1']);

    await using votequorum = await VotequorumClient.connect();
    await votequorum.setVotes(2, 2);
    await tale.part('more votes', ['quorum.expected_votes', 'quorum.tolerance']);
    await votequorum.setVotes(2, 1);
    await waitUntil('the votes are known', () => picture.state?.nodes[1]?.votes === 1);
    await votequorum.setExpected(3);
    await tale.part('fewer votes', ['quorum.expected_votes', 'quorum.tolerance']);

    await votequorum.qdeviceRegister('disk');
    const ring = { nodeId: 1, seq: picture.state?.ring?.seq ?? 0n };
    const poll = (castVote: boolean): Promise<void> => votequorum.qdevicePoll('disk', castVote, ring);
    await poll(true);
    await tale.part('a quorum device votes', ['qdevice.back 1']);
    await poll(false);
    await tale.part('it does not', ['qdevice.vote_lost 1']);
    await votequorum.qdeviceUnregister('disk');
    await tale.part('it goes', ['qdevice.lost 1']);

    const conf = `${cluster.first.directory}/corosync.conf`;
    const good = readFileSync(conf, 'utf8');
    const reload = (): Promise<unknown> => run('corosync-cfgtool', ['-R']).catch(() => undefined);
    await reload();
    await tale.part('a reload', ['reload.ok']);
    writeFileSync(conf, good.replace('version: 2', 'version 2'));
    await reload();
    await tale.part('a reload of a file with a mistake', ['reload.failed', 'reload.stuck (reload.failed)']);
    writeFileSync(conf, good.replace('10.99.0.3', '999.1.1.1'));
    await reload();
    await tale.part('a reload of a file that says nonsense', ['reload.failed']);
    expect(picture.state?.config).toMatchObject({ stuck: false, lastReload: { ok: false } });
    writeFileSync(conf, good);
    await reload();
    await tale.part('a good reload', ['reload.ok']);
    expect(picture.state?.config).toEqual({ version: 7n, stuck: false, lastReload: { ok: true } });

    cluster.first.pause();
    await waitUntil('it is noticed', () => tale.words.includes('stale'));
    await sleep(5000); // the others have given it up
    cluster.first.resume();
    await waitUntil('all is known again', () => tale.words.includes('fresh'), { timeoutMs: 30_000 });
    await untilLinksAreUp();
    const since = tale.words.indexOf('stale');
    const [stale, settling] = tale.events.slice(since);
    expect(stale).toMatchObject({ type: 'stale', why: 'not answering' });
    expect(settling?.type).toBe('settling');
    const unexplained = tale
      .take()
      .slice(since)
      .filter(({ explainedBy }) => explainedBy === undefined);
    expect(unexplained.map(({ type }) => type)).toEqual(['stale', 'settling', 'sched.miss', 'fresh']);

    cluster.first.kill('SIGKILL');
    await tale.part('this corosync is killed', ['corosync.down', 'stale (corosync.down)']);
  });

  it(
    'are all flaps of a link that corosync counts, though it is looked at less often',
    { timeout: 120_000 },
    async () => {
      const nodes = nodeAddresses(3, 2);
      await using cluster = await NamespaceCluster.start(3, { nodes, config: { totem: quickLink } });
      await using picture = Cluster.open(QUICK);
      const tale = new Tale(picture);
      const counted = async (): Promise<number> => {
        const key = 'stats.knet.node2.link1.down_count';
        return Number((await cluster.first.statistics(key)).get(key));
      };
      await picture.ready();
      await waitUntil('the link is up', () => picture.state?.links?.[1]?.connected === true, {
        timeoutMs: 20_000,
      });
      const before = (await counted()) - (picture.state?.links?.[1]?.flaps ?? 0);
      for (let times = 0; times < 4; times += 1) {
        await cluster.node(2).run('ip', 'addr', 'del', ...ADDRESS);
        await sleep(700);
        await cluster.node(2).run('ip', 'addr', 'add', ...ADDRESS);
        await sleep(700);
      }
      const flaps = (): number => picture.state?.links?.[1]?.flaps ?? 0;
      const told = (): number =>
        downs(tale.events.filter((event) => 'link' in event && event.nodeId === 2 && event.link === 1));
      await waitUntil(
        'all were told',
        async () => flaps() === (await counted()) - before && told() === flaps(),
        {
          timeoutMs: 20_000,
        },
      );
      expect(told()).toBeGreaterThan(0);
    },
  );
});
