import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CpgClient } from '../../src/index.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { codeBlocks, DOCUMENTS, textOf } from '../helpers/documents.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
// Inside the repository, so that the examples import the package by its name.
const directory = join(process.cwd(), 'build', 'readme');
// What docs/containers.md says takes containers; test/cluster runs it.
const documents = DOCUMENTS.filter((document) => document !== 'docs/containers.md');
const withDocument = (language: string): [document: string, text: string][] =>
  documents.flatMap((document) =>
    codeBlocks(document, language).map((text): [string, string] => [document, text]),
  );

/** What a comment at the end of a console.log line promises to be printed. */
function promises(example: string): string[] {
  return [...example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = '']) => text);
}

describeIntegration('README and docs', () => {
  let corosync: PrivateCorosync;
  let chat: CpgClient;

  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
    chat = await CpgClient.connect(); // whom the commands ask about
    await chat.join('chat', { listener: () => undefined });
    mkdirSync(join(directory, 'bin'), { recursive: true });
    for (const [name, script] of [
      ['corosync-client', 'main.cjs'],
      ['cmapctl', 'cmapctl-main.cjs'],
      ['quorumtool', 'quorumtool-main.cjs'],
      ['cfgtool', 'cfgtool-main.cjs'],
      ['cpgtool', 'cpgtool-main.cjs'],
    ] as const) {
      const file = join(directory, 'bin', name);
      writeFileSync(file, `#!/bin/sh\nexec node ${join(process.cwd(), 'dist/cli', script)} "$@"\n`);
      chmodSync(file, 0o755);
    }
  });
  afterAll(async () => {
    await chat.close();
    await corosync.stop();
  });

  it.each(withDocument('js'))('%s: example %# runs as written', async (_document, example) => {
    const file = join(directory, `example.mjs`);
    writeFileSync(file, example);
    const running = run('node', [file], { timeout: 50_000 });
    running.child.stdin?.end(); // as Ctrl-D
    const { stdout, stderr } = await running;
    expect(stderr).toBe('');
    for (const promise of promises(example)) expect(stdout).toContain(promise);
  });

  const commands = withDocument('sh').flatMap(([document, block]) =>
    block
      .split('\n')
      // Other options of the last two take nodes that are not here, or change votes.
      .filter((line) =>
        /^(?:(?:corosync-client|cmapctl|cpgtool)(?: |$)|(?:quorumtool|cfgtool) -s$)/.test(line),
      )
      .map((line): [string, string] => [document, line]),
  );

  /** Whether corosync has answered the process. */
  async function hasAsked(pid = 0): Promise<boolean> {
    const statistics = await corosync.statistics('stats.ipcs.');
    return [...statistics].some(
      ([key, value]) => key.includes(`.${pid}.`) && key.endsWith('.responses') && value !== '0',
    );
  }

  it('have something to run', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(codeBlocks('README.md', 'js').length).toBeGreaterThanOrEqual(4);
  });

  it('show a rule for users that corosync can read', async () => {
    const [rule = ''] = /^uidgid \{\n[^]*?^\}\n/m.exec(textOf('README.md')) ?? [];
    mkdirSync(join(corosync.directory, 'uidgid.d'), { recursive: true });
    writeFileSync(join(corosync.directory, 'uidgid.d', 'readme'), rule);
    await run('corosync-cfgtool', ['-R']);
    const { stdout } = await run('corosync-cmapctl', ['uidgid.']);
    expect(stdout).toContain('uidgid.config.uid.998');
  });

  it.each(commands)('%s: %s', async (_document, command) => {
    const environment = { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH ?? ''}` };
    const child = spawn('sh', ['-c', `exec ${command}`], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (/ (?:track|follow|listen) | events\b| --watch\b/.test(command)) {
      // It ends when it is told to, which it understands before it asks corosync for anything.
      await waitUntil('it has asked', async () => child.exitCode !== null || (await hasAsked(child.pid)));
      await sleep(500);
      child.kill('SIGTERM');
    }
    expect(await exited).toBe(0);
  });
});
