import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { NAMESPACES } from '../../../src/cli/doctor/system/namespaces.ts';
import {
  lookAround,
  type Settings,
  type Surroundings,
  type User,
} from '../../../src/cli/doctor/surroundings.ts';
import { SystemFiles } from '../../../src/cli/doctor/system/system-files.ts';
import type { Credentials } from '../../../src/cli/doctor/system/user-namespace.ts';

const ROOT: Credentials = { uid: 0, gid: 0 };
export const GUEST: Credentials = { uid: 1001, gid: 1002 };

/** When the fake machine started, in seconds since 1970. */
const BOOT = 1_000_000_000;

const MOUNTS = [
  '30 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
  '31 30 0:21 / /proc rw,relatime - proc proc rw',
  '32 30 0:25 / /dev/shm rw,relatime - tmpfs tmpfs rw',
];

/** The number that Linux gives to the first one. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

type NamespaceNames = Partial<Record<(typeof NAMESPACES)[number], string>>;

export interface FakeProcess {
  readonly comm?: string;
  readonly state?: string;
  /** As we see it. */
  readonly uid?: number;
  /** Who traces it; default: nobody. */
  readonly tracer?: number;
  /** VmSize in kB, default 0. */
  readonly addressSpace?: number;
  /** CapEff, default: all. */
  readonly capabilities?: string;
  /** In seconds after the machine's start, default 100. */
  readonly startedAfter?: number;
  /** Default: one file system for all, as ours. */
  readonly mounts?: readonly string[];
  readonly commandLine?: readonly string[];
  /** Those that differ from ours; `hidden`: we may not look, nor at its root directory. */
  readonly namespaces?: NamespaceNames | 'hidden';
  /** It has a root directory of its own. */
  readonly container?: boolean;
  /** What is bound in its network namespace. Default: as in ours. */
  readonly sockets?: readonly string[];
}

/** A machine's /proc, /etc and so on, in a temporary directory. */
export class FakeSystem implements Disposable {
  readonly root = fs.mkdtempSync(join(tmpdir(), 'fake-system-'));
  readonly files = new SystemFiles(this.root);
  #inode = 1000;

  /** Ours is in the machine's first pid namespace, nobody listens, and corosync does not run. */
  constructor() {
    this.#namespaces('self', {});
    this.listen('self');
    this.write('/proc/self/uid_map', '         0          0 4294967295\n');
    this.write('/proc/self/gid_map', '         0          0 4294967295\n');
    this.write('/proc/self/mountinfo', `${MOUNTS.join('\n')}\n`);
    this.write('/proc/self/status', statusText('node', 'R (running)', 0, '000001ffffffffff'));
    this.write('/proc/stat', `cpu  1 2 3\nbtime ${BOOT}\nprocesses 7\n`);
    this.write('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nguest:x:1001:1002::/:/bin/sh\n');
    this.write('/etc/group', 'root:x:0:\nguests:x:1002:guest\n');
    fs.mkdirSync(this.path('/dev/shm'), { recursive: true });
  }

  path(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    fs.mkdirSync(dirname(this.path(path)), { recursive: true });
    fs.writeFileSync(this.path(path), text);
  }

  mkdir(path: string): void {
    fs.mkdirSync(this.path(path), { recursive: true });
  }

  /** What /proc tells about unix sockets in the network namespace of a process. */
  listen(pid: string | number, ...addresses: string[]): void {
    const head = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
    const rows = addresses.flatMap((address) => [
      `00000000c5f7d910: 00000002 00000000 00010000 0001 01 ${++this.#inode} ${address}\n`,
      `00000000c5f7d910: 00000003 00000000 00000000 0001 03 ${++this.#inode} ${address}\n`,
    ]);
    const unnamed = `0000000056034942: 00000003 00000000 00000000 0001 03 ${++this.#inode}\n`;
    this.write(`/proc/${pid}/net/unix`, [head, unnamed, ...rows].join(''));
  }

  /** A line of our mountinfo. */
  addMount(line: string): void {
    fs.appendFileSync(this.path('/proc/self/mountinfo'), `${line}\n`);
  }

  moveTo(namespaces: NamespaceNames): void {
    fs.rmSync(this.path('/proc/self/ns'), { recursive: true });
    this.#namespaces('self', namespaces);
  }

  addProcess(pid: number, process: FakeProcess = {}): void {
    const { comm = 'corosync', state = 'S (sleeping)', uid = 0, namespaces = {}, sockets } = process;
    const { capabilities = '000001ffffffffff', startedAfter = 100, mounts = MOUNTS } = process;
    this.write(`/proc/${pid}/comm`, `${comm}\n`);
    const { tracer = 0, addressSpace = 0 } = process;
    const more = `TracerPid:\t${tracer}\nVmSize:\t  ${addressSpace} kB\n`;
    this.write(`/proc/${pid}/status`, `${statusText(comm, state, uid, capabilities)}${more}`);
    this.write(`/proc/${pid}/stat`, `${pid} (a (b) c) S ${'0 '.repeat(18)}${startedAfter * 100} 0\n`);
    this.write(`/proc/${pid}/mountinfo`, `${mounts.join('\n')}\n`);
    for (const map of ['uid_map', 'gid_map']) {
      const ours = fs.readFileSync(this.path(`/proc/self/${map}`), 'utf8');
      this.write(`/proc/${pid}/${map}`, ours);
    }
    const words = process.commandLine ?? ['corosync', '-f'];
    this.write(`/proc/${pid}/cmdline`, words.map((word) => `${word}\0`).join(''));
    if (namespaces !== 'hidden') {
      this.#namespaces(String(pid), namespaces);
      if (process.container === true) this.mkdir(`/proc/${pid}/root/dev/shm`);
      else fs.symlinkSync('../..', this.path(`/proc/${pid}/root`));
    }
    if (sockets !== undefined) this.listen(pid, ...sockets);
    else fs.cpSync(this.path('/proc/self/net'), this.path(`/proc/${pid}/net`), { recursive: true });
  }

  removeProcess(pid: number): void {
    fs.rmSync(this.path(`/proc/${pid}`), { recursive: true });
  }

  /** A process has the socket that listens on an address in our network namespace. */
  holdSocket(pid: number, address: string): void {
    const table = fs.readFileSync(this.path('/proc/self/net/unix'), 'utf8').split('\n');
    const inode = table.find((line) => line.endsWith(` ${address}`))?.split(' ')[6];
    this.mkdir(`/proc/${pid}/fd`);
    fs.symlinkSync(`socket:[${inode}]`, this.path(`/proc/${pid}/fd/9`));
  }

  lookAround(settings: Partial<Settings> = {}, who: Credentials | User = ROOT): Surroundings {
    const defaults = { service: 'cmap', socketDirectory: undefined, sharedMemoryDirectory: undefined };
    const user = 'real' in who ? who : { real: who, effective: who, groups: [] };
    return lookAround(this.files, { ...defaults, bufferSize: 65_536, ...settings }, user);
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.root, { recursive: true });
  }

  #namespaces(pid: string, different: NamespaceNames): void {
    this.mkdir(`/proc/${pid}/ns`);
    for (const kind of NAMESPACES) {
      const ours = kind === 'pid' ? FIRST_PID_NAMESPACE : `${kind}:[1]`;
      fs.symlinkSync(different[kind] ?? ours, this.path(`/proc/${pid}/ns/${kind}`));
    }
  }
}

function statusText(name: string, state: string, uid: number, capabilities: string): string {
  const ids = `5\t${uid}\t5\t5`;
  return `Name:\t${name}\nState:\t${state}\nUid:\t${ids}\nGid:\t${ids}\nCapEff:\t${capabilities}\nSeccomp:\t0\n`;
}

/** As /proc writes the abstract name of a service. */
export function abstract(service: string): string {
  return `@${service}`.padEnd(108, '@');
}

/** Whether the machine that runs the test seems to want files for sockets. */
export function forceFilesystemSockets(forced: boolean): void {
  vi.spyOn(fs, 'existsSync').mockImplementation(
    (path) => forced && path === '/etc/libqb/force-filesystem-sockets',
  );
}
