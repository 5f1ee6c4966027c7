import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { shell } from '../cli/program.ts';
import { describeCluster } from '../helpers/cluster/cluster-requirements.ts';

const FILE = fileURLToPath(new URL('../../docker/compose.yaml', import.meta.url));
const STARTING = { timeout: 60_000, interval: 200 };

/** Compose, as a plugin of the engine's command line or by itself. */
async function compose(command: string): Promise<string> {
  const program = (await shell('docker compose version')).code === 0 ? 'docker compose' : 'docker-compose';
  const line = `${program} --project-name corosync-client-${process.env.COROSYNC_CLIENT_RUN ?? ''} --file ${FILE} ${command}`;
  const { code, stdout, stderr } = await shell(line);
  if (code !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout.toString();
}

async function expectLogged(service: string, text: string): Promise<void> {
  await vi.waitFor(async () => expect(await compose(`logs ${service}`)).toContain(text), STARTING);
}

describeCluster('docker/compose.yaml', () => {
  beforeAll(() => compose('up --detach --build'));
  afterAll(() => compose('down --volumes'));

  it('shows a node that dies and comes back to the clients of the others, and to its own', async () => {
    for (const client of ['client1', 'client2', 'client3'])
      await expectLogged(client, '.members.3.status (str) = joined');
    await compose('kill node3');
    for (const client of ['client1', 'client2'])
      await expectLogged(client, 'modify runtime.members.3.status (str) = left, was joined');
    await compose('start node3');
    for (const client of ['client1', 'client2'])
      await expectLogged(client, 'modify runtime.members.3.status (str) = joined, was left');
    await expectLogged('client3', 'resynced');
  });
});
