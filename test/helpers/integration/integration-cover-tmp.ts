import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';

/**
 * An empty /tmp for all in this mount namespace: Debian's libqb puts its sockets there, and the machine's /tmp has those of
 * others. A repository below it stays where it is.
 */
export function coverTmp(): void {
  const repository = process.cwd();
  const aside = mkdtempSync('/run/repository-');
  const isBelow = repository.startsWith('/tmp/');
  if (isBelow) execFileSync('mount', ['--bind', repository, aside]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/tmp']);
  if (isBelow) {
    mkdirSync(repository, { recursive: true });
    execFileSync('mount', ['--bind', aside, repository]);
    execFileSync('umount', [aside]);
  }
  rmdirSync(aside);
}

export function uncoverTmp(): void {
  execFileSync('umount', ['--lazy', '/tmp']);
}
