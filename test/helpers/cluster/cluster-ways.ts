import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { built, shell } from '../../cli/program.ts';
import { RUN_LABEL } from './cluster-network.ts';
import { clusterImages } from './cluster-requirements.ts';
import { connectionResponse } from '../integration/integration-impostor.ts';

const LABEL = Object.entries(RUN_LABEL)
  .map(([name, value]) => `--label '${name}=${value}'`)
  .join(' ');

/** Who is nobody on any system. */
export const IMPOSTOR_UID = 65534;

/** A container that somebody wants to reach into. */
export interface Target {
  readonly id: string;
  /** As this machine counts it. */
  readonly pid: number;
}

/** One way in which a client in another place reaches a corosync in a container, as docs/containers.md tells it. */
export interface Way {
  readonly name: string;
  /** What the container of corosync needs, as options of `docker run`. */
  readonly corosync: string;
  /** The client's command line up to the command. */
  client(target: Target): string;
}

/** The ways, with volumes of their own. */
export function waysToReach(volumes: string): Way[] {
  const client = `docker run --rm --init ${LABEL}`;
  const main = built('main');
  return [
    {
      name: 'a sidecar in its network and IPC namespaces',
      corosync: '--ipc shareable',
      client: ({ id }) =>
        `${client} --network container:${id} --ipc container:${id} ${clusterImages().client}`,
    },
    {
      name: 'a sidecar in its network namespace, with /dev/shm as a volume, as in a Kubernetes pod',
      corosync: `--volume ${volumes}-shm:/dev/shm`,
      client: ({ id }) =>
        `${client} --network container:${id} --volume ${volumes}-shm:/dev/shm ${clusterImages().client}`,
    },
    {
      name: 'another container, with filesystem sockets and shared volumes',
      corosync: `--env FILESYSTEM_SOCKETS=yes --volume ${volumes}-sockets:/tmp --volume ${volumes}-shm:/dev/shm`,
      client: () =>
        `${client} --network none --volume ${volumes}-sockets:/corosync/sockets:ro --volume ${volumes}-shm:/corosync/shm ` +
        `--env COROSYNC_CLIENT_SOCKET_DIRECTORY=/corosync/sockets --env COROSYNC_CLIENT_SHM_DIRECTORY=/corosync/shm ` +
        clusterImages().client,
    },
    {
      name: 'the host, with filesystem sockets, through /proc/<pid>/root',
      corosync: '--env FILESYSTEM_SOCKETS=yes',
      client: ({ pid }) =>
        `${main} --socket-directory /proc/${pid}/root/tmp --shm-directory /proc/${pid}/root/dev/shm`,
    },
    {
      name: 'the host, in its network namespace, with its shared memory through /proc/<pid>/root',
      corosync: '',
      client: ({ pid }) => `nsenter --target ${pid} --net ${main} --shm-directory /proc/${pid}/root/dev/shm`,
    },
  ];
}

/** Containers and volumes of one test file; each container is removed by `remove`. */
export class Containers {
  readonly volumes = `corosync-client-${process.pid}`;
  readonly #directory = mkdtempSync('/run/corosync-client-');
  readonly #ids: string[] = [];

  /** A tmpfs, as /dev/shm should be, and a plain volume. */
  async createVolumes(): Promise<void> {
    await docker(`volume create ${LABEL} ${this.volumes}-sockets`);
    await docker(
      `volume create ${LABEL} --opt type=tmpfs --opt device=tmpfs --opt o=size=64m,mode=1777 ${this.volumes}-shm`,
    );
  }

  corosync(options: string): Promise<Target> {
    return this.#run(`${options} --env NODES=node1=127.0.0.1 --env CLIENT_UID=10001 ${clusterImages().node}`);
  }

  /** A container that does nothing but own its namespaces, as a pod's does. */
  idle(options: string): Promise<Target> {
    return this.#run(`${options} --init --entrypoint sleep ${clusterImages().node} infinity`);
  }

  /** A server of an unprivileged user that takes corosync's place, and offers rings of its own. */
  async impostor(options: string): Promise<Target> {
    chmodSync(this.#directory, 0o755);
    const rings = '/dev/shm/qb-1-0-1-abcdef';
    const paths = ['request', 'response', 'event'].map((channel) => `${rings}/qb-${channel}-cmap`);
    const [request = '', response = '', event = ''] = paths;
    writeFileSync(join(this.#directory, 'answer'), connectionResponse({ request, response, event }));
    writeFileSync(
      join(this.#directory, 'impostor.mjs'),
      `import fs from 'node:fs';
      import net from 'node:net';
      fs.mkdirSync('${rings}', { mode: 0o755 });
      for (const path of ${JSON.stringify(paths)})
        for (const part of ['header', 'data']) fs.writeFileSync(path + '-' + part, Buffer.alloc(65536), { mode: 0o600 });
      const file = process.env.FILESYSTEM_SOCKETS !== undefined;
      const server = net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.write(fs.readFileSync('/impostor/answer')));
      });
      server.listen(file ? '/tmp/cmap' : '\\0cmap'.padEnd(108, '\\0'), () => {
        if (file) fs.chmodSync('/tmp/cmap', 0o777);
        console.log('ready');
      });
      `,
    );
    const impostor = await this.#run(
      `${options} --user ${IMPOSTOR_UID} --init --volume ${this.#directory}:/impostor:ro --entrypoint node ` +
        `${clusterImages().client} /impostor/impostor.mjs`,
    );
    await vi.waitFor(async () => expect(await docker(`logs ${impostor.id} 2>&1`)).toBe('ready'), 20_000);
    return impostor;
  }

  /** Removes the containers, and what they left in the volumes with them. */
  async remove(): Promise<void> {
    for (const id of this.#ids.splice(0)) await docker(`rm --force --volumes ${id}`);
    await docker(`volume rm --force ${this.volumes}-sockets ${this.volumes}-shm`);
  }

  end(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #run(options: string): Promise<Target> {
    const id = await docker(`run --detach ${LABEL} ${options}`);
    this.#ids.push(id);
    return { id, pid: Number(await docker(`inspect --format '{{.State.Pid}}' ${id}`)) };
  }
}

/** Runs a command of the engine's, which must succeed, and returns what it prints. */
export async function docker(command: string): Promise<string> {
  const { code, stdout, stderr } = await shell(`docker ${command}`);
  if (code !== 0) throw new Error(`docker ${command}: ${stderr}`);
  return stdout.toString().trim();
}
