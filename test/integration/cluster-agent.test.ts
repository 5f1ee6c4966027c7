import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { codeBlocks } from '../helpers/documents.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
const DOCUMENT = 'docs/cluster.md';
// Inside the repository, so that it imports the package by its name.
const directory = join(process.cwd(), 'build', 'agent');

function onlyBlock(language: string): string {
  const [block, ...others] = codeBlocks(DOCUMENT, language);
  if (block === undefined || others.length > 0)
    throw new Error(`${DOCUMENT} should have one ${language} block`);
  return block;
}

/** A webhook that keeps what it gets. */
async function webhook(): Promise<{ url: string; posted: { type: string }[]; close: () => void }> {
  const posted: { type: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push(JSON.parse(Buffer.concat(chunks).toString()) as { type: string });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the webhook has no port');
  return { url: `http://127.0.0.1:${address.port}/`, posted, close: () => server.close() };
}

describeIntegration('the agent of the documents', () => {
  it(
    'says what happens, posts what nothing explains, and ends when it is told to',
    { timeout: 60_000 },
    async () => {
      mkdirSync(directory, { recursive: true });
      const file = join(directory, 'agent.mjs');
      writeFileSync(file, onlyBlock('javascript'));
      expect(onlyBlock('javascript').trim().split('\n').length).toBeLessThanOrEqual(32);
      const { url, posted, close } = await webhook();
      const corosync = await PrivateCorosync.start();
      const agent = spawn('node', [file], {
        env: { ...process.env, WEBHOOK: url },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      agent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const untilSaid = (words: string): Promise<void> =>
        waitUntil(`it says: ${words}`, () => said.includes(words), { timeoutMs: 20_000 });
      try {
        await untilSaid('info: snapshot: The cluster is quorate, with 1 of 1 nodes.');
        corosync.kill('SIGKILL');
        await untilSaid('(corosync.down)');
        await corosync.stop();
        await using back = await PrivateCorosync.start();
        await untilSaid('notice: corosync.up: Corosync is there.');
        await untilSaid('info: fresh: ');
        await waitUntil('it is posted', () => posted.length === 2);
        expect(posted).toMatchObject([
          { type: 'corosync.down', severity: 'critical' },
          { type: 'corosync.up' },
        ]);
        agent.kill('SIGTERM');
        const [code] = (await once(agent, 'exit')) as [number | null];
        expect(code).toBe(0);
        expect(back.running).toBe(true);
      } finally {
        agent.kill('SIGKILL');
        close();
        await corosync.stop();
      }
    },
  );

  it('has a unit that systemd understands', async () => {
    const unit = join(directory, 'corosync-agent.service');
    mkdirSync(directory, { recursive: true });
    const program = (await run('sh', ['-c', 'command -v node'])).stdout.trim();
    // Here node may be somewhere else, and there is no such user, and no manual.
    const text = onlyBlock('ini')
      .replace('/usr/bin/node', program)
      .replace('User=corosync-agent', 'User=root')
      .replace(/^Documentation=.*$/m, '');
    writeFileSync(unit, text);
    const { stdout, stderr } = await run('systemd-analyze', ['verify', unit]).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('corosync-agent'));
    expect(complaints).toEqual([]);
  });
});
