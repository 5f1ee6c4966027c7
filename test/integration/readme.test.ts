import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

const run = promisify(execFile);
const readme = readFileSync('README.md', 'utf8');
// Inside the repository, so that the examples import the package by its name.
const directory = join(process.cwd(), 'build', 'readme');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}

/** What a comment at the end of a console.log line promises to be printed. */
function promises(example: string): string[] {
  return [...example.matchAll(/(?:console\.log\(.*\);|^ {2}) \/\/ (.*)$/gm)].map(([, text = '']) => text);
}

describeIntegration('the README', () => {
  let corosync: PrivateCorosync;

  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
    mkdirSync(join(directory, 'bin'), { recursive: true });
    for (const [name, script] of [
      ['corosync-client', 'main.cjs'],
      ['cmapctl', 'cmapctl-main.cjs'],
    ] as const) {
      const file = join(directory, 'bin', name);
      writeFileSync(file, `#!/bin/sh\nexec node ${join(process.cwd(), 'dist/cli', script)} "$@"\n`);
      chmodSync(file, 0o755);
    }
  });
  afterAll(() => corosync.stop());

  it.each(blocks('js'))('example %# runs as written', async (example) => {
    const file = join(directory, `example.mjs`);
    writeFileSync(file, example);
    const { stdout, stderr } = await run('node', [file], { timeout: 20_000 });
    expect(stderr).toBe('');
    for (const promise of promises(example)) expect(stdout).toContain(promise);
  });

  const commands = blocks('sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => /^(?:corosync-client|cmapctl) /.test(line));

  it('has commands to run', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(blocks('js').length).toBe(5);
  });

  it('shows a rule for users that corosync can read', async () => {
    const [rule = ''] = /^uidgid \{\n[^]*?^\}\n/m.exec(readme) ?? [];
    mkdirSync(join(corosync.directory, 'uidgid.d'), { recursive: true });
    writeFileSync(join(corosync.directory, 'uidgid.d', 'readme'), rule);
    await run('corosync-cfgtool', ['-R']);
    const { stdout } = await run('corosync-cmapctl', ['uidgid.']);
    expect(stdout).toContain('uidgid.config.uid.998');
  });

  it.each(commands)('%s', async (command) => {
    const environment = { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH ?? ''}` };
    const child = spawn('sh', ['-c', `exec ${command}`], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // A tracker ends when it is told to.
    const stop = / (?:track|follow) /.test(command)
      ? setTimeout(() => child.kill('SIGTERM'), 2000)
      : undefined;
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    clearTimeout(stop);
    expect(code).toBe(0);
  });
});
