import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { OngoingProgram, run } from './program-on-cluster.ts';

let fake: FakeCluster;

beforeEach(async () => {
  fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2 });
});

afterEach(() => fake.stop());

const wait = (...words: string[]): ReturnType<typeof run> => run(fake, ['wait', ...words, '--timeout', '3']);

describe('wait', () => {
  it.each(['quorate', 'member=c', 'member=3', 'link-up', 'whole'])('%s holds already', async (condition) => {
    expect(await wait(condition)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each<[string, string]>([
    ['quorate', 'the cluster is not quorate: 1 of 3 votes, 2 needed'],
    ['member=b', 'b is no member: left'],
    ['member=x', 'there is no node x; the nodes are a, b, c'],
    ['link-up', 'no link to another node is up'],
    ['whole', 'no members: b, c'],
  ])('%s does not hold in time', async (condition, missing) => {
    fake.partition(['b', 'c']);
    expect(await wait(condition)).toEqual({
      code: 1,
      stdout: '',
      stderr: `corosync-client: not within 3 s: ${missing}\n`,
    });
  });

  it('a link that is down is not whole', async () => {
    fake.link('c', 1).down();
    expect((await wait('whole')).stderr).toContain('links are down: 1 to node 3');
    expect((await wait('quorate', 'link-up', 'member=c')).code).toBe(0);
    expect((await wait('quorate', 'whole')).code).toBe(1);
  });

  it('waits for corosync and for what it finds out, and says once what is in the way', async () => {
    fake.die();
    await using waiting = new OngoingProgram(fake, 'wait quorate member=c --timeout 60');
    let over = false;
    const ended = waiting.ended().finally(() => (over = true));
    await waitUntil('it says what is in the way', () => waiting.stderr.endsWith('\n'));
    await new Promise((resolve) => setTimeout(resolve, 2500)); // in which it could say it again
    await fake.restart({ absent: ['c'] });
    await fake.caughtUp();
    expect(over).toBe(false);
    fake.node('c').join();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    const told = stderr.split('\n').slice(0, -1);
    expect(told[0]).toMatch(/^corosync-client: cannot connect: /);
    // A restart may be in the way for another reason.
    for (const line of told) expect(line).toMatch(/; trying again until it works$/);
    expect(new Set(told).size).toBe(told.length);
  });

  it('says what was in the way, however short it waited', async () => {
    fake.die();
    const { code, stderr } = await run(fake, ['wait', 'quorate', '--timeout', '300ms']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^corosync-client: cannot connect: .*ECONNREFUSED.*\n.*: not within 0\.3 s: corosync is not there\n$/,
    );
  });

  it('ends by a signal, and says what was missing', async () => {
    fake.node('c').leave();
    await using waiting = new OngoingProgram(fake, 'wait whole');
    await waiting.asked(fake);
    expect(await waiting.stop()).toEqual({
      code: 1,
      stdout: '',
      stderr: 'corosync-client: not waited to the end: no members: c\n',
    });
  });

  it.each([
    [[], 'wait needs one of quorate, member=NAME, link-up, whole'],
    [['quorat'], 'nobody can wait for quorat: it must be'],
    [['quorate', '--timeout', 'soon'], '--timeout takes a duration, as 90s or 500ms, not soon'],
    [['quorate', '--timeout', '0'], '--timeout takes a duration'],
  ])('%j is a wrong command line', async (words, message) => {
    const { code, stderr } = await run(fake, ['wait', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
