import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, outcomeOf, shell, startShell, type Outcome } from '../cli/program.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { nodeAddresses } from '../helpers/corosync/other-node.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// The commands that tell of the whole cluster, as whole programs on three real nodes.

const client = (line: string): Promise<Outcome> => shell(`exec ${built('main')} ${line}`);
const SOON = { timeoutMs: 30_000, everyMs: 100 };

describeIntegration('status, check, events and wait on three nodes', () => {
  let cluster: NamespaceCluster;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'status-'));
    cluster = await NamespaceCluster.start(3, {
      nodes: nodeAddresses(3, 2),
      config: { totem: 'token: 1000' },
    });
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  it('tell one story of what becomes of it', { timeout: 120_000 }, async () => {
    expect(await client('wait whole --timeout 60')).toMatchObject({ code: 0, stderr: '' });
    const whole = await client('check');
    expect(whole.stdout.toString()).toMatch(
      /^COROSYNC OK - quorate, 1 node can be lost; 3 of 3 nodes; 4 of 4 links up \| quorate=1;;1:;0;1 votes=3;;2:;0;3 /,
    );
    const status = (await client('status')).stdout.toString();
    expect(status).toMatch(/\nLINKS TO {2}0 {3}1\nnode2 {5}up {2}up\nnode3 {5}up {2}up\n/);
    expect(status).toMatch(/\nring {6}1\.[0-9a-f]+\n/);
    const quorumtool = (await shell('corosync-quorumtool -s')).stdout.toString();
    expect(status).toContain(`\nring      ${/^Ring ID: +(\S+)$/m.exec(quorumtool)?.[1]}\n`);

    const file = join(directory, 'state');
    const child = startShell(`exec ${built('main')} events --json --state-file ${file}`);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const outcome = outcomeOf(child);
    const types = (): unknown[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { type: unknown }).type);
    const told = (type: string): Promise<void> =>
      waitUntil(`${type} is told`, () => types().includes(type), SOON);
    const state = (number: string): Promise<void> =>
      waitUntil(
        `the file has ${number}`,
        () => existsSync(file) && readFileSync(file, 'utf8') === `${number}\n`,
        SOON,
      );
    await told('snapshot');
    await state('0');
    await cluster.node(3).stop();
    await told('member.left');
    expect((await client('check members --quiet')).code).toBe(1);
    expect((await client('check --ignore-left-nodes --quiet')).code).toBe(0);
    await state('1');
    await cluster.node(2).killed();
    await told('member.failed');
    await told('quorum.lost');
    await state('2');
    expect((await client('check')).code).toBe(2);
    expect((await client('status')).code).toBe(4);
    // Within it the program has to start, and to ask.
    expect((await client('wait quorate --timeout 10')).stderr).toContain(
      'the cluster is not quorate: 1 of 3 votes',
    );
    const waiting = client('wait quorate member=node3 --timeout 60');
    cluster.node(3).start();
    expect((await waiting).code).toBe(0);
    await told('quorum.regained');
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('3\n');
    await waitUntil('nothing is left', () => cluster.first.sharedMemoryLeftovers().length === 0);
    expect(cluster.first.logLines('error')).toEqual([]);
  });
});
