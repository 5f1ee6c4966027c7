import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseVersions } from './results.ts';

const PROGRAMS = { corosync: '/usr/sbin/corosync', 'corosync-cmapctl': '/usr/sbin/corosync-cmapctl' };

/**
 * A Debian release in a directory. Inside scripts/in-namespaces.sh it is given our /dev, /run and /proc, so that its corosync and we
 * share abstract sockets, shared memory, pids and files; our process stays outside, whatever C library the release has.
 */
export class Chroot implements ReleaseVersions {
  readonly release: string;
  readonly corosync: string;
  readonly libqb: string;
  /** A directory for PATH, in which `corosync` and `corosync-cmapctl` are this release's. */
  readonly programs: string;
  readonly #root: string;

  constructor(release: string, root: string) {
    this.release = release;
    this.#root = root;
    this.programs = `/run/matrix/${release}`;
    this.corosync = this.#version('corosync');
    this.libqb = this.#version('libqb[0-9]*');
  }

  /** Mounts what it needs; the mounts go with the namespace. */
  enter(): void {
    const mount = (...args: string[]): void => void execFileSync('mount', args);
    mount('--rbind', '/dev', join(this.#root, 'dev'));
    mount('--bind', '/run', join(this.#root, 'run'));
    // Where Debian's libqb makes its sockets if they have to be files; clients look for them in /run, too.
    mount('--bind', '/run', join(this.#root, 'tmp'));
    const libqb = 'etc/libqb';
    mkdirSync(join('/', libqb), { recursive: true });
    mkdirSync(join(this.#root, libqb), { recursive: true });
    mount('--bind', join('/', libqb), join(this.#root, libqb));
    mount('-t', 'proc', 'proc', join(this.#root, 'proc'));
    for (const directory of ['var/lib/corosync', 'var/log/corosync']) {
      mkdirSync(join(this.#root, directory), { recursive: true });
      mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', join(this.#root, directory));
    }
    mkdirSync(this.programs, { recursive: true });
    for (const [name, path] of Object.entries(PROGRAMS)) this.#writeProgram(name, path);
  }

  /** A file that becomes the program without a process between, so that signals and pids are the program's. */
  #writeProgram(name: string, path: string): void {
    if (!existsSync(join(this.#root, path))) throw new Error(`${this.release} has no ${path}`);
    const file = join(this.programs, name);
    writeFileSync(file, `#!/bin/sh\nexec chroot '${this.#root}' ${path} "$@"\n`);
    chmodSync(file, 0o755);
  }

  /** Upstream's part of a Debian version: 3.1.7 of 3.1.7-1+deb12u2. */
  #version(name: string): string {
    const args = [this.#root, 'dpkg-query', '-W', '-f', '${Version}', name];
    return execFileSync('chroot', args, { encoding: 'utf8' }).replace(/-[^-]*$/, '');
  }
}
