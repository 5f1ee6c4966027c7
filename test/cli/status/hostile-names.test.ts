import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, type ClusterEvent } from '../../../src/index.ts';
import { FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { built, shell, type Outcome } from '../program.ts';
import { environmentOf, OngoingProgram } from './program-on-cluster.ts';

/** All that steers a terminal, ends a line, or turns text around; no text of corosync has a NUL. */
const CODES = [
  ...Array.from({ length: 0x1f }, (_, index) => index + 1),
  ...Array.from({ length: 0x21 }, (_, index) => index + 0x7f),
  ...[0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
];
const HOSTILE = String.fromCharCode(...CODES);
/** What a name in corosync.conf may have: no ends of lines. */
const HOSTILE_NAME = HOSTILE.replace('\n', '');
/** But for the ends of lines. */
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const SOON = { timeoutMs: 20_000 };

const fakes: FakeCluster[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hostile-'));
});

afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
  rmSync(directory, { recursive: true });
});

/** A cluster in trouble, all of whose texts have these in them. */
async function start(name: string, text: string): Promise<FakeCluster> {
  const fake = await FakeCluster.start({
    nodes: ['a', 'b', 'c'].map((letter) => ({ name: `${letter}${name}` })),
    links: 2,
    name: `x${name}`,
    device: { votes: 1 },
  });
  fakes.push(fake);
  fake.setDevice({ registered: true, name: 'q' });
  fake.link(2, 1).down();
  fake.node(3).leave();
  const set = (key: string, value: string): void => fake.corosync.cmap.set(key, { type: 'string', value });
  // Any client may set these.
  set('totem.cluster_name', `x${text}`);
  set('totem.transport', `knet${text}`);
  set('nodelist.node.1.name', `b${text}`);
  set('nodelist.node.1.ring0_addr', `10.0.0.2${text}`);
  set('config.reload_error_message', `m${text}`);
  fake.corosync.cmap.set('config.reload_status', { type: 'uint32', value: 7 });
  return fake;
}

const on = (fake: FakeCluster, words: string): Promise<Outcome> =>
  shell(`${built('main')} ${words}`, { env: { ...process.env, ...environmentOf(fake), TERM: 'xterm' } });

/** What is told with names in it, until it is. */
async function happens(fake: FakeCluster, types: () => readonly string[]): Promise<void> {
  await fake.caughtUp();
  fake.node(3).join();
  fake.link(2, 0).down();
  fake.reload({ ok: false });
  const expected = ['member.joined', 'link.down', 'reload.failed'];
  await waitUntil('it is told', () => expected.every((type) => types().includes(type)), SOON);
}

const MAY_END_A_LINE = /\n/g;

describe('no text of corosync steers a terminal, or ends a line, by', () => {
  it.each(['status', 'check', 'quorum', 'members', 'links', 'wait whole --timeout 2'])(
    '%s',
    async (words) => {
      const { stdout, stderr } = await on(await start(HOSTILE_NAME, HOSTILE), words);
      const text = stdout.toString() + Buffer.from(stderr, 'latin1').toString();
      expect(text).not.toMatch(CONTROLS);
      expect(text.length).toBeGreaterThan(20);
      if (words === 'status') return; // its sentences are wrapped
      const harmless = await on(await start('', ''), words);
      const ends = (lines: string): number => lines.match(MAY_END_A_LINE)?.length ?? 0;
      expect(ends(text)).toBe(ends(harmless.stdout.toString() + harmless.stderr));
    },
  );

  it('status, which keeps within 80 columns', async () => {
    const { stdout } = await on(await start(HOSTILE_NAME, HOSTILE), 'status');
    expect(
      stdout
        .toString()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
    expect(stdout.toString()).toContain('x\\x01\\x02');
  });

  it('status --watch and events, with the commands that they run and the files that they keep', async () => {
    const fake = await start(HOSTILE_NAME, HOSTILE);
    const script = join(directory, 'script');
    const said = join(directory, 'said');
    writeFileSync(script, `#!/bin/bash\nenv -0 | tr '\\0' '\\n' | grep ^COROSYNC_EVENT_ >>'${said}'\n`);
    chmodSync(script, 0o755);
    const file = join(directory, 'state');
    await using watch = new OngoingProgram(fake, 'status --watch');
    await using events = new OngoingProgram(
      fake,
      `events --exec '${script}' --state-file '${file}' --state-of json`,
    );
    const types = (): string[] =>
      events.stdout.split('\n').flatMap((line) => /^\S+ +\S+ +(\S+)/.exec(line)?.[1] ?? []);
    await waitUntil(
      'both know it',
      () => types().includes('snapshot') && watch.stdout.includes('votes'),
      SOON,
    );
    await happens(fake, types);
    await waitUntil('it is shown', () => /notice {4}c\\x01/.test(watch.stdout), SOON);
    // The last line may be on its way.
    const lines = (): string[] =>
      existsSync(said) ? (/^[^]*\n/.exec(readFileSync(said, 'utf8'))?.[0] ?? '').split('\n') : [];
    await waitUntil(
      'the command has run',
      () => lines().some((line) => line.startsWith('COROSYNC_EVENT_NODE_NAME=c')),
      SOON,
    );
    expect(lines().filter((line) => !line.startsWith('COROSYNC_EVENT_'))).toEqual(['']);
    const kept = readFileSync(file, 'utf8');
    await Promise.all([watch.stop(), events.stop()]);
    for (const text of [watch.stdout, events.stdout, lines().join('\n'), kept])
      expect(text).not.toMatch(CONTROLS);
    expect(
      events.stdout.split('\n').filter((line) => !/^\d{4}-\S+Z [a-z]+ +[a-z_.]+ [A-Za-z]/.test(line)),
    ).toEqual(['']);
    expect(kept.split('\n')).toHaveLength(2);
    expect(JSON.parse(kept)).toMatchObject({ name: `x${HOSTILE}` });
  });

  it('the message of any event', async () => {
    const fake = await start(HOSTILE_NAME, HOSTILE);
    await using cluster = Cluster.open(fake.connectOptions);
    const told: ClusterEvent[] = [];
    cluster.events({ listener: (event) => told.push(event) });
    await cluster.ready();
    await happens(fake, () => told.map(({ type }) => type));
    for (const { message } of told)
      expect(message).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    expect(told.find(({ type }) => type === 'member.joined')).toMatchObject({
      message: expect.stringMatching(/^c\\x01\\x02.*\\u2069 has joined\.$/) as string,
    });
    expect(told.at(-1)?.state?.nodes[2]?.name).toBe(`c${HOSTILE_NAME}`);
  });
});
