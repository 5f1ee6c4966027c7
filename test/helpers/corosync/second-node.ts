import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { corosyncConf, type CorosyncConfOptions } from './corosync-conf.ts';
import { waitUntil } from '../wait-until.ts';

const run = promisify(execFile);
const LINK = 'second-node';

/** Addresses of the first node, which runs in the test's own namespace, and of the second one. */
export const TWO_NODES: readonly [string, string] = ['10.99.0.1', '10.99.0.2'];

/**
 * The second node of a cluster: a corosync in network and mount namespaces of its own inside those of the test, and a pair of virtual
 * network interfaces between the two, which can be cut.
 */
export class SecondNode implements AsyncDisposable {
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(options: CorosyncConfOptions) {
    this.#directory = mkdtempSync(join(tmpdir(), 'second-node-'));
    const conf = join(this.#directory, 'corosync.conf');
    const log = join(this.#directory, 'corosync.log');
    writeFileSync(conf, corosyncConf(log, { nodes: TWO_NODES, ...options }));
    // It waits for its end of the cable.
    const script = `
      for directory in /dev/shm /run /var/lib/corosync; do mount -t tmpfs tmpfs "$directory"; done
      ip link set lo up
      until ip addr add ${TWO_NODES[1]}/24 dev ${LINK} 2>/dev/null; do sleep 0.05; done
      ip link set ${LINK} up
      exec corosync -f -c "$0"`;
    this.#process = spawn('unshare', ['-n', '-m', '--propagation', 'private', 'bash', '-c', script, conf], {
      stdio: 'ignore',
    });
  }

  /** Lays the cable and starts the second node; the first one is to be started after that. */
  static async start(options: CorosyncConfOptions = {}): Promise<SecondNode> {
    const node = new SecondNode(options);
    const { pid } = node.#process;
    if (pid === undefined) throw new Error('unshare could not be executed');
    try {
      const ownNamespace = networkOf('self');
      await waitUntil('the second node has a network', () => networkOf(String(pid)) !== ownNamespace);
      await run('ip', [
        'link',
        'add',
        'first-node',
        'type',
        'veth',
        'peer',
        'name',
        LINK,
        'netns',
        String(pid),
      ]);
      await run('ip', ['addr', 'add', `${TWO_NODES[0]}/24`, 'dev', 'first-node']);
      await node.plugIn();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  /** The cable is out: neither node hears the other. */
  async unplug(): Promise<void> {
    await run('ip', ['link', 'set', 'first-node', 'down']);
  }

  async plugIn(): Promise<void> {
    await run('ip', ['link', 'set', 'first-node', 'up']);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGKILL; the cable goes with its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.kill('SIGKILL');
      await exited;
    }
    await run('ip', ['link', 'delete', 'first-node']).catch(() => undefined);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function networkOf(pid: string): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}
