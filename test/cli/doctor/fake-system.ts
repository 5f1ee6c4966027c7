import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { NAMESPACES } from '../../../src/cli/doctor/system/corosync-process.ts';
import {
  lookAround,
  type Credentials,
  type Settings,
  type Surroundings,
} from '../../../src/cli/doctor/surroundings.ts';
import { SystemFiles } from '../../../src/cli/doctor/system/system-files.ts';

export const ROOT: Credentials = { uid: 0, gid: 0 };
export const GUEST: Credentials = { uid: 1001, gid: 1002 };

/** The number that Linux gives to the first one. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

type NamespaceNames = Partial<Record<(typeof NAMESPACES)[number], string>>;

export interface FakeProcess {
  readonly comm?: string;
  readonly state?: string;
  /** As we see it. */
  readonly uid?: number;
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

  /** Ours is in the machine's first pid namespace, nobody listens, and corosync does not run. */
  constructor() {
    this.#namespaces('self', {});
    this.listen('self');
    this.write('/proc/self/uid_map', '         0          0 4294967295\n');
    this.write('/proc/self/gid_map', '         0          0 4294967295\n');
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
    const rows = addresses.flatMap((address, n) => [
      `00000000c5f7d910: 00000002 00000000 00010000 0001 01 ${n + 1} ${address}\n`,
      `00000000c5f7d910: 00000003 00000000 00000000 0001 03 ${n + 100} ${address}\n`,
    ]);
    const unnamed = '0000000056034942: 00000003 00000000 00000000 0001 03 1578348\n';
    this.write(`/proc/${pid}/net/unix`, [head, unnamed, ...rows].join(''));
  }

  moveTo(namespaces: NamespaceNames): void {
    fs.rmSync(this.path('/proc/self/ns'), { recursive: true });
    this.#namespaces('self', namespaces);
  }

  addProcess(pid: number, process: FakeProcess = {}): void {
    const { comm = 'corosync', state = 'S (sleeping)', uid = 0, namespaces = {}, sockets } = process;
    this.write(`/proc/${pid}/comm`, `${comm}\n`);
    this.write(`/proc/${pid}/status`, `Name:\t${comm}\nState:\t${state}\nUid:\t5\t${uid}\t5\t5\n`);
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

  lookAround(settings: Partial<Settings> = {}, user = ROOT): Surroundings {
    const defaults = { service: 'cmap', socketDirectory: undefined, sharedMemoryDirectory: undefined };
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
