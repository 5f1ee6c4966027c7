import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { shell, built } from '../program.ts';
import { environmentOf, OngoingProgram, run } from './program-on-cluster.ts';

let fake: FakeCluster;
let directory: string;

beforeEach(async () => {
  fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2 });
  directory = mkdtempSync(join(tmpdir(), 'events-'));
});

afterEach(async () => {
  await fake.stop();
  rmSync(directory, { recursive: true });
});

const typesOf = (program: OngoingProgram): unknown[] => program.objects.map(({ type }) => type);

async function begun(program: OngoingProgram): Promise<void> {
  await waitUntil('there is a snapshot', () => program.stdout.includes('snapshot'));
  await fake.caughtUp();
}

describe('events', () => {
  it('are lines of JSON, across a death of corosync', async () => {
    await using program = new OngoingProgram(fake, 'events --json');
    await begun(program);
    fake.link('b', 1).flap(2);
    await waitUntil('nothing has explained it', () => typesOf(program).includes('link.flapped'));
    fake.node('c').leave();
    await fake.caughtUp();
    fake.die();
    await fake.restart({ absent: ['c'] });
    await waitUntil('it is fresh again', () => typesOf(program).includes('fresh'));
    const { code, stderr } = await program.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const serious = program.objects.filter(({ severity }) => severity !== 'notice');
    expect(serious.map(({ type }) => type)).toEqual([
      'snapshot',
      'link.flapped',
      'quorum.tolerance',
      'corosync.down',
      'settling',
      'fresh',
    ]);
    expect(program.objects.find(({ type }) => type === 'member.left')).toEqual({
      type: 'member.left',
      severity: 'notice',
      message: 'c has left.',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      notBefore: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      inferred: false,
      explainedBy: null,
      node: 3,
      name: 'c',
      link: null,
      quorate: true,
      members: [1, 2],
    });
    expect(program.objects.find(({ type }) => type === 'link.down')).toMatchObject({
      explainedBy: { type: 'member.left', node: 3 },
    });
  });

  it('are those that were asked for', async () => {
    await using program = new OngoingProgram(
      fake,
      'events --json --type member.left,member.joined,snapshot --node b,1',
    );
    await program.asked(fake);
    fake.node('c').leave();
    fake.node('b').leave();
    await waitUntil('it is told', () => program.objects.length > 0);
    fake.node('b').join();
    await waitUntil('it is told', () => program.objects.length > 1);
    await program.stop();
    expect(program.objects.map(({ type, name }) => [type, name])).toEqual([
      ['member.left', 'b'],
      ['member.joined', 'b'],
    ]);
  });

  it('are lines for people', async () => {
    await using program = new OngoingProgram(fake, 'events --min-severity warning');
    await program.asked(fake);
    fake.node('c').vanish();
    await waitUntil('it is told', () => program.stdout.includes('c has vanished'));
    expect((await program.stop()).stdout).toMatch(
      /^(?:.*\n)*[\d-]+T[\d:.]+Z critical member\.failed c has vanished\.\n/,
    );
  });

  it('end with the reader of them', async () => {
    let over = false;
    const ended = shell(`set -o pipefail; ${built('main')} events --json | head -n 1`, {
      env: { ...process.env, ...environmentOf(fake) },
    }).finally(() => (over = true));
    // It notices when it writes the next time.
    await waitUntil('it has ended', async () => {
      fake.link('b', 1).flap();
      await fake.caughtUp();
      return over;
    });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    [['--type', 'member.gone'], 'types[0] is "member.gone"'],
    [['--min-severity', 'loud'], 'minSeverity is "loud"'],
    [['--link', '9'], 'links[0] is 9'],
    [['now'], 'events takes no arguments'],
    [['--exec-latest'], '--exec-latest is for --exec'],
    [['--exec', 'true', '--exec-timeout', 'x'], '--exec-timeout takes a duration'],
    [['--state-of', 'quorum'], '--state-of is for --state-file'],
    [['--state-file', 'x', '--state-of', 'weather'], 'check takes one of quorum, links, members, all'],
  ])('%j is a wrong command line', async (words, message) => {
    const { code, stderr, stdout } = await run(fake, ['events', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('events --exec', () => {
  function script(text: string): string {
    const file = join(directory, 'script');
    writeFileSync(file, `#!/bin/bash\ncd '${directory}'\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  }
  const file = (name: string): string =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : '';

  it('runs it one at a time, with the event on its input and in its environment, and no shell', async () => {
    const command = script(
      'echo "begin $COROSYNC_EVENT_TYPE $COROSYNC_EVENT_SEVERITY $COROSYNC_EVENT_NODE $COROSYNC_EVENT_NODE_NAME [$1]" >>log; cat >>input; sleep 0.05; echo said; echo end >>log',
    );
    await using program = new OngoingProgram(
      fake,
      `events --json --type member.left,member.failed --exec '${command}' -- '$(touch shell)'`,
    );
    await program.asked(fake);
    fake.node('c').leave();
    await fake.caughtUp();
    fake.node('b').vanish();
    await waitUntil('both have run', () => file('log').split('\n').length === 5);
    const { code, stderr } = await program.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'said\nsaid\n' });
    expect(file('log')).toBe(
      'begin member.left notice 3 c [$(touch shell)]\nend\nbegin member.failed critical 2 b [$(touch shell)]\nend\n',
    );
    expect(file('input')).toBe(program.stdout);
    expect(readdirSync(directory)).not.toContain('shell');
  });

  it('may be for the newest only of those that wait', async () => {
    const command = script(
      'echo "$COROSYNC_EVENT_NODE_NAME $COROSYNC_EVENT_TYPE" >>log; while [ ! -e go ]; do sleep 0.02; done',
    );
    await using program = new OngoingProgram(
      fake,
      `events --json --type member.left,member.joined --exec-latest --exec '${command}'`,
    );
    await program.asked(fake);
    fake.node('c').leave();
    await waitUntil('it runs', () => file('log') !== '');
    fake.node('c').join();
    await waitUntil('the next is told', () => program.objects.length === 2);
    fake.node('b').leave();
    await waitUntil('and the next', () => program.objects.length === 3);
    writeFileSync(join(directory, 'go'), '');
    await waitUntil('it has run', () => file('log').split('\n').length === 3);
    await program.stop();
    expect(file('log')).toBe('c member.left\nb member.left\n');
  });

  it('has a time limit; what goes wrong is told, and the next event has its run', async () => {
    const command = script('echo x >>log; case $(wc -l <log) in 1) exec sleep 60;; 2) exit 3;; esac');
    await using program = new OngoingProgram(
      fake,
      `events --json --type member.left,member.joined --exec-timeout 4s --exec '${command}'`,
    );
    await program.asked(fake);
    for (const act of ['leave', 'join', 'leave'] as const) {
      fake.node('c')[act]();
      await fake.caughtUp();
    }
    await waitUntil('all have run', () => file('log') === 'x\nx\nx\n');
    const { stderr } = await program.stop();
    expect(stderr).toBe(
      `corosync-client: ${command}: was ended after 4 s\ncorosync-client: ${command}: exit code 3\n`,
    );
  });

  it.each([
    ['/nowhere/command', 'spawn /nowhere/command ENOENT'],
    ['/etc/passwd/command', 'spawn ENOTDIR'],
    [`/${'x'.repeat(300)}`, 'ENAMETOOLONG'],
  ])('that cannot be started is told of, and events go on: %s', async (command, trouble) => {
    await using program = new OngoingProgram(
      fake,
      `events --json --type snapshot,member.left --exec '${command}'`,
    );
    await begun(program);
    fake.node('c').leave();
    await waitUntil('the next is told', () => typesOf(program).includes('member.left'));
    const { code, stderr } = await program.stop();
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes(`${command}: `))).toHaveLength(2);
    expect(stderr).toContain(trouble);
  });
});

describe('events --state-file', () => {
  it('takes the place of a file, and of nothing else', async () => {
    const path = join(directory, 'state');
    await shell(`mkfifo '${path}'`, { env: process.env });
    await using program = new OngoingProgram(fake, `events --state-file '${path}'`);
    await begun(program);
    expect((await program.stop()).stderr).toBe(
      `corosync-client: cannot write ${path}: there is something else than a file\n`,
    );
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(readdirSync(directory)).toEqual(['state']);
  });

  it('is the number of check, at every moment as a whole, and 3 at the end', async () => {
    const path = join(directory, 'state');
    const number = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    const is = (expected: string): Promise<void> =>
      waitUntil(`it is ${expected}`, () => number() === `${expected}\n`);
    await using program = new OngoingProgram(fake, `events --state-file '${path}' --state-of quorum`);
    await is('0');
    fake.node('c').leave();
    await is('1');
    fake.node('b').leave();
    await is('2');
    fake.die();
    await is('3');
    await fake.restart();
    await is('2');
    rmSync(path); // somebody is in the way
    fake.node('b').join();
    await is('1');
    expect((await program.stop()).code).toBe(0);
    expect(number()).toBe('3\n');
    expect(readdirSync(directory)).toEqual(['state']);
  });

  it('may be all that is known; where it cannot be written, that is told once', async () => {
    const path = join(directory, 'state.json');
    await using program = new OngoingProgram(fake, `events --state-file '${path}' --state-of json`);
    await waitUntil('it is there', () => existsSync(path));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ format: 1, localNodeId: 1 });
    await program.stop();
    await using wrong = new OngoingProgram(fake, 'events --state-file /nowhere/state');
    await begun(wrong);
    expect((await wrong.stop()).stderr).toMatch(
      /^corosync-client: cannot write \/nowhere\/state: ENOENT: [^\n]*\n$/,
    );
  });
});
