import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { corosyncConf, type CorosyncConfOptions } from './corosync-conf.ts';

const run = promisify(execFile);
const BRIDGE = 'cluster';

/**
 * The addresses of a cluster of that many nodes, which may have several links over their one cable. The first node runs in the
 * test's own namespace, as a PrivateCorosync.
 */
export function nodeAddresses(count: number, links = 1): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: links }, (_link, link) => `10.99.${link}.${index + 1}`).join(),
  );
}

export interface OtherNodeOptions extends CorosyncConfOptions {
  readonly nodes: readonly string[];
}

/**
 * A further node of a cluster: a corosync in network and mount namespaces of its own inside those of the test, and a cable to a
 * bridge there, on which the first node is too. The cable can be pulled out.
 */
export class OtherNode implements AsyncDisposable {
  readonly nodeId: number;
  readonly #directory: string;
  /** Its namespaces live as long as it does. */
  readonly #holder: ChildProcess;
  readonly #conf: string;
  #corosync: ChildProcess | undefined;

  private constructor(nodeId: number, options: OtherNodeOptions) {
    this.nodeId = nodeId;
    this.#directory = mkdtempSync(join(tmpdir(), `node${nodeId}-`));
    this.#conf = join(this.#directory, 'corosync.conf');
    writeFileSync(this.#conf, corosyncConf(join(this.#directory, 'corosync.log'), options));
    const script = `
      for directory in /dev/shm /run /var/lib/corosync; do mount -t tmpfs tmpfs "$directory"; done
      ip link set lo up
      echo ready
      exec sleep infinity`;
    this.#holder = spawn('unshare', ['-n', '-m', '--propagation', 'private', 'bash', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** Lays the cable and starts the node; the first one is to be started after that. */
  static async start(nodeId: number, options: OtherNodeOptions): Promise<OtherNode> {
    const node = new OtherNode(nodeId, options);
    try {
      await node.#cable(options.nodes);
      node.start();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  /** Starts corosync there, again if it has ended. */
  start(): void {
    const [program, ...args] = this.inside;
    this.#corosync = spawn(program, [...args, 'corosync', '-f', '-c', this.#conf], { stdio: 'ignore' });
  }

  /** SIGTERM; corosync takes its leave of the others. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL; the others notice when its token is missed. */
  async killed(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Of corosync; `undefined` while it runs. */
  get exitCode(): number | undefined {
    return this.#corosync?.exitCode ?? undefined;
  }

  get corosyncPid(): number {
    if (this.#corosync?.pid === undefined) throw new Error('corosync was not started there');
    return this.#corosync.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#corosync?.kill(signal);
  }

  /** The cable is out: it hears nobody, and nobody hears it. */
  async unplug(): Promise<void> {
    await run('ip', ['link', 'set', this.#link, 'down']);
  }

  async plugIn(): Promise<void> {
    await run('ip', ['link', 'set', this.#link, 'up']);
  }

  /** The command that runs another one on this node. */
  get inside(): [string, ...string[]] {
    return ['nsenter', '-t', this.#pid, '-n', '-m', '--'];
  }

  /** Runs a program on this node, and returns what it prints. */
  async run(...command: string[]): Promise<string> {
    const [program, ...args] = this.inside;
    return (await run(program, [...args, ...command])).stdout;
  }

  log(): string {
    return readFileSync(join(this.#directory, 'corosync.log'), 'utf8');
  }

  /** The cable goes with its namespace; the bridge stays for the other nodes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await end(this.#holder, 'SIGKILL');
    await run('ip', ['link', 'delete', this.#link]).catch(() => undefined);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #cable([first = '', ...others]: readonly string[]): Promise<void> {
    const addresses = others[this.nodeId - 2] ?? '';
    if (this.#holder.stdout === null) throw new Error('unshare could not be executed');
    await once(this.#holder.stdout, 'data');
    await layBridge(first);
    const peer = ['peer', 'name', 'eth0', 'netns', this.#pid];
    await run('ip', ['link', 'add', this.#link, 'type', 'veth', ...peer]);
    await run('ip', ['link', 'set', this.#link, 'master', BRIDGE]);
    for (const link of addresses.split(',')) await this.run('ip', 'addr', 'add', `${link}/24`, 'dev', 'eth0');
    await this.run('ip', 'link', 'set', 'eth0', 'up');
    await this.plugIn();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#corosync !== undefined) await end(this.#corosync, signal);
  }

  get #link(): string {
    return `node${this.nodeId}`;
  }

  get #pid(): string {
    return String(this.#holder.pid);
  }
}

/** What all cables are plugged into; the first node is on it from the start. */
async function layBridge(addresses: string): Promise<void> {
  if ((await run('ip', ['-brief', 'link', 'show', 'type', 'bridge'])).stdout.includes(BRIDGE)) return;
  await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0']);
  for (const link of addresses.split(',')) await run('ip', ['addr', 'add', `${link}/24`, 'dev', BRIDGE]);
  await run('ip', ['link', 'set', BRIDGE, 'up']);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill(signal);
  await exited;
}
