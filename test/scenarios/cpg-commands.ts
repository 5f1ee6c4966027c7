import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { built, outcomeOf, shell, startShell, type Outcome, type RunningProgram } from '../cli/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A process in a group that is none of ours. */
export interface OtherMember {
  readonly pid: number;
  mcast(message: string | Uint8Array): Promise<void>;
  /** Messages that it was told of so far. */
  heard(): readonly string[];
  leave(): Promise<void>;
}

/** A corosync of one node, real or not, for commands that run in processes of their own. */
export interface CpgCommandTarget {
  readonly environment: NodeJS.ProcessEnv;
  join(group: string | Uint8Array): Promise<OtherMember>;
  die(): Promise<void>;
}

export interface CpgCommandScenario {
  readonly name: string;
  run(target: CpgCommandTarget): Promise<void>;
}

/** `corosync-client cpg listen` while it runs. */
class Listener {
  readonly lines: string[] = [];
  readonly #child: RunningProgram;
  readonly #ended: Promise<Outcome>;

  constructor(environment: NodeJS.ProcessEnv, words: string) {
    this.#child = startShell(`exec ${built('main')} cpg listen ${words}`, { env: environment });
    this.#ended = outcomeOf(this.#child);
    createInterface(this.#child.stdout).on('line', (line) => this.lines.push(line));
  }

  async has(count: number): Promise<readonly string[]> {
    await waitUntil(`${count} lines`, () => this.lines.length >= count, { everyMs: 5 });
    return this.lines;
  }

  async ended(signal?: NodeJS.Signals): Promise<Pick<Outcome, 'code' | 'stderr'>> {
    if (signal !== undefined) this.#child.kill(signal);
    const { code, stderr } = await this.#ended;
    return { code, stderr };
  }
}

const run = ({ environment }: CpgCommandTarget, words: string): Promise<Outcome> =>
  shell(`${built('main')} cpg ${words}`, { env: environment });

async function sendInput(
  target: CpgCommandTarget,
  words: string,
  input: string | Uint8Array,
): Promise<Outcome> {
  const child = startShell(`exec ${built('main')} cpg send ${words}`, {
    env: target.environment,
    stdio: 'pipe',
  });
  child.stdin.end(input);
  return outcomeOf(child);
}

const withoutTime = (line: string): string => line.replace(/^\S+Z /, '');
const QUIET = { code: 0, stderr: '' };

/** What holds for the commands of process groups on every corosync, real or not. */
export const CPG_COMMANDS: readonly CpgCommandScenario[] = [
  {
    name: 'listen prints messages and changes, and leaves at Ctrl-C',
    async run(target) {
      const other = await target.join('chat');
      const listener = new Listener(target.environment, 'chat --pid 77');
      await listener.has(2);
      await other.mcast('hello \x1b[2J');
      await other.mcast(Buffer.from('ff', 'hex'));
      await listener.has(4);
      const both = [other.pid, 77].sort((one, another) => one - another).map((pid) => `1:${pid}`);
      expect(listener.lines.map(withoutTime)).toEqual([
        `joined 1:77 (join); members: ${both.join(' ')}`,
        expect.stringMatching(/^ring 1\.[0-9a-f]+; nodes: 1$/),
        `1:${other.pid} hello \\x1B[2J`,
        `1:${other.pid} \\xFF`,
      ]);
      expect((await run(target, 'members chat')).stdout.toString()).toContain('  77\n');
      expect(await listener.ended('SIGINT')).toEqual(QUIET);
      expect((await run(target, 'members chat')).stdout.toString()).not.toContain('  77\n');
      await other.leave();
    },
  },
  {
    name: 'listen --json prints an object a line, and an end of the reader is its end',
    async run(target) {
      const other = await target.join('chat');
      const listening = shell(`${built('main')} cpg listen chat --json --pid 77 | head -n 4`, {
        env: target.environment,
      });
      await waitUntil('it listens', async () =>
        (await run(target, 'members chat --json')).stdout.includes('77}'),
      );
      for (const message of ['text\u009b', Buffer.from('fe', 'hex')]) await other.mcast(message);
      let over = false;
      void listening.finally(() => (over = true));
      // It notices that nobody reads when it prints.
      await waitUntil('it has ended', async () => {
        await other.mcast('more');
        return over;
      });
      const { stdout, code } = await listening;
      const [joined, ring, ...messages] = stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(joined).toMatchObject({
        event: 'membership',
        joined: [{ node: 1, pid: 77, reason: 'join' }],
        left: [],
      });
      expect(ring).toMatchObject({ event: 'ring', members: [1] });
      const from = { event: 'message', node: 1, pid: other.pid };
      expect(messages).toMatchObject([
        { ...from, text: 'text\u009b' },
        { ...from, base64: '/g==' },
      ]);
      expect({ code, raw: stdout.includes('\u009b') }).toEqual({ code: 0, raw: false });
      await waitUntil(
        'it has left',
        async () => !(await run(target, 'members chat --json')).stdout.includes('77}'),
      );
      await other.leave();
    },
  },
  {
    name: 'send: words are a message, lines are messages, and a binary is one',
    async run(target) {
      const other = await target.join('chat');
      expect(await run(target, "send chat 'hello  you' all")).toMatchObject(QUIET);
      expect(await sendInput(target, 'chat', 'one\n\ntwo\nthree')).toMatchObject(QUIET);
      expect(await sendInput(target, 'chat --binary', 'a\nb\0\n')).toMatchObject(QUIET);
      expect(await sendInput(target, 'chat', '')).toMatchObject(QUIET);
      const large = 'a'.repeat(3_000_000);
      expect(await sendInput(target, 'chat --binary', large)).toMatchObject(QUIET);
      await waitUntil('all has come', () => other.heard().length === 7);
      const words = ['hello  you all', 'one', '', 'two', 'three', 'a\nb\0\n'];
      expect(other.heard().slice(0, 6)).toEqual(words);
      const last = other.heard()[6] ?? '';
      // How it differs, in few letters.
      const shape = { length: last.length, firstOther: last.search(/[^a]/) };
      expect(shape).toEqual({ length: large.length, firstOther: -1 });
      await other.leave();
    },
  },
  {
    name: 'send: many lines come in their order, none of them lost',
    async run(target) {
      const other = await target.join('chat');
      const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(index % 100)}`);
      expect(await sendInput(target, 'chat', `${lines.join('\n')}\n`)).toMatchObject(QUIET);
      await waitUntil('all has come', () => other.heard().length >= lines.length, { timeoutMs: 25_000 });
      expect(other.heard()).toEqual(lines);
      await other.leave();
    },
  },
  {
    name: 'send: Ctrl-C ends the reading, and what was read is sent',
    async run(target) {
      const other = await target.join('chat');
      const child = startShell(`exec ${built('main')} cpg send chat`, {
        env: target.environment,
        stdio: 'pipe',
      });
      const ended = outcomeOf(child);
      child.stdin.write('one\ntwo\n');
      await waitUntil('it has come', () => other.heard().length === 2);
      child.kill('SIGINT');
      expect(await ended).toMatchObject(QUIET);
      await other.leave();
    },
  },
  {
    name: 'groups and members print what there is',
    async run(target) {
      const names = ['chat', Buffer.from('67ff', 'hex'), 'a\nb'];
      const others: OtherMember[] = [];
      for (const name of names) others.push(await target.join(name));
      others.push(await target.join('chat'));
      const lines = (await run(target, 'groups')).stdout.toString().trim().split('\n');
      expect(lines.sort()).toEqual(['a\\x0Ab', 'chat', 'g\ufffd']);
      const objects = (await run(target, 'groups --json')).stdout.toString().trim().split('\n').sort();
      expect(objects.map((line) => JSON.parse(line) as object)).toEqual([
        { group: 'a\nb', members: 1 },
        { group: 'chat', members: 2 },
        { group: 'g\ufffd', groupBase64: 'Z/8=', members: 1 },
      ]);
      expect((await run(target, "members $'g\\xff' --json")).stdout.toString()).toBe(
        `{"node":1,"pid":${others[1]?.pid ?? 0}}\n`,
      );
      expect(await run(target, 'members none')).toMatchObject({
        code: 1,
        stderr: 'corosync-client: there is no group none\n',
      });
      for (const other of others) await other.leave();
      expect((await run(target, 'groups')).stdout).toHaveLength(0);
    },
  },
  {
    name: 'a pid that is taken is refused in words',
    async run(target) {
      const other = await target.join('chat');
      const { code, stderr } = await run(target, `send chat --pid ${other.pid} hello`);
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toMatch(/^corosync-client: cannot join chat: CS_ERR_EXIST \(14\): .*same pid/);
      await other.leave();
    },
  },
  {
    name: 'the end of corosync is an error, for who listens and for who waits for input',
    async run(target) {
      const listener = new Listener(target.environment, 'chat');
      await listener.has(2);
      const sender = startShell(`exec ${built('main')} cpg send chat`, {
        env: target.environment,
        stdio: 'pipe',
      });
      const sent = outcomeOf(sender);
      sender.stdin.write('here\n');
      await listener.has(4);
      await target.die();
      const { code, stderr } = await listener.ended();
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toContain('CS_ERR_LIBRARY');
      expect(await sent).toMatchObject({ code: 1 });
      if (sender.exitCode === null) await once(sender, 'exit');
      const absent = await run(target, 'groups');
      expect({ code: absent.code, stdout: absent.stdout.length }).toEqual({ code: 3, stdout: 0 });
      expect(absent.stderr).toContain('cannot connect: CS_ERR');
    },
  },
];
