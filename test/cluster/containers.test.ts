import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { outcomeOf, shell, startShell } from '../cli/program.ts';
import { describeCluster } from '../helpers/cluster/cluster-requirements.ts';
import {
  Containers,
  docker,
  IMPOSTOR_UID,
  waysToReach,
  type Target,
} from '../helpers/cluster/cluster-ways.ts';

const STARTING = { timeout: 30_000, interval: 100 };

describeCluster('reaching into containers', () => {
  const containers = new Containers();
  beforeEach(() => containers.createVolumes());
  afterEach(() => containers.remove());
  afterAll(() => containers.end());

  const sidecar = waysToReach(containers.volumes)[0];
  if (sidecar === undefined) throw new Error('there are no ways');

  describe.each(waysToReach(containers.volumes))('from $name', (way) => {
    it('reads, changes and follows', async () => {
      const node = await containers.corosync(way.corosync);
      await expectPrinted(`${way.client(node)} get totem.cluster_name`, 'containers');
      await expectPrinted(`${way.client(node)} set demo.key str hello`, '');
      expect(await docker(`exec ${node.id} corosync-cmapctl -g demo.key`)).toBe('demo.key (str) = hello');

      const tracking = startShell(`exec ${way.client(node)} track --json demo.key`);
      const outcome = outcomeOf(tracking);
      let told = '';
      tracking.stdout.on('data', (bytes: Buffer) => (told += bytes.toString()));
      let round = 0;
      await vi.waitFor(async () => {
        round += 1; // until the tracker is there, nobody hears of it
        await docker(`exec ${node.id} corosync-cmapctl -s demo.key str round${round}`);
        expect(told).toContain('"event":"modify","key":"demo.key"');
      }, STARTING);
      await docker(`kill ${node.id}`);
      expect(await outcome).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('corosync closed the connection or died') as string,
      });
    });

    it('refuses an impostor', async () => {
      const impostor = await containers.impostor(way.corosync);
      await vi.waitFor(async () => {
        const { code, stderr } = await shell(`${way.client(impostor)} get totem.version`);
        expect(stderr).toContain('CS_ERR_SECURITY');
        expect(stderr).toContain(`is owned by uid ${IMPOSTOR_UID}`);
        expect(code).toBe(3);
      }, STARTING);
    });
  });

  it('removes the rings that a killed corosync leaves in shared memory', async () => {
    const pod = `--network none --ipc shareable`;
    const owner = await containers.idle(pod);
    const inside = `--network container:${owner.id} --ipc container:${owner.id}`;
    const node = await ready(await containers.corosync(inside));
    const following = startShell(`exec ${sidecar.client(owner)} follow demo.key`);
    const rings = (): Promise<string> =>
      docker(`exec ${owner.id} sh -c 'ls -d /dev/shm/qb-1-* 2>/dev/null || true'`);
    await vi.waitFor(async () => expect(await rings()).toContain('qb-1-0-'), STARTING);
    await docker(`kill ${node.id}`);
    await vi.waitFor(async () => expect(await rings()).toBe(''), STARTING);
    following.kill('SIGTERM');
    expect(await outcomeOf(following)).toMatchObject({ code: 0 });
  });

  describe('a sidecar', () => {
    it('has only the rights that corosync gives its user', async () => {
      // Without a group of its own it would have root's, which corosync lets in.
      const node = await ready(await containers.corosync(sidecar.corosync));
      const stranger = sidecar.client(node).replace('docker run', 'docker run --user 10002:10002');
      expect(await shell(`${stranger} get totem.version`)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('CS_ERR_ACCESS') as string,
      });
    });

    it.each([
      ['network', /ECONNREFUSED.*another network namespace or container/],
      ['ipc', /ENOENT.*shared memory is not mounted here/],
    ])('is told what is missing without the %s namespace', async (namespace, word) => {
      const node = await ready(await containers.corosync(sidecar.corosync));
      const outside = sidecar.client(node).replace(`--${namespace} container:${node.id}`, '');
      const { code, stderr } = await shell(`${outside} get totem.version`);
      expect(stderr).toMatch(word);
      expect(code).toBe(3);
    });
  });
});

/** While corosync starts, clients are refused. */
async function expectPrinted(line: string, text: string): Promise<void> {
  await vi.waitFor(async () => {
    const { code, stdout, stderr } = await shell(line);
    expect(stderr).toBe('');
    expect(stdout.toString().trim()).toBe(text);
    expect(code).toBe(0);
  }, STARTING);
}

async function ready(node: Target): Promise<Target> {
  await vi.waitFor(
    () => docker(`exec ${node.id} timeout 3 corosync-cmapctl -g runtime.votequorum.this_node_id`),
    STARTING,
  );
  return node;
}
