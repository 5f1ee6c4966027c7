import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { excessOfSocketPath } from '../../ipc/socket-address.ts';

/** Where else a directory can be made, where the usual place for temporary files has too long a name. */
const SHORT_PLACES = ['/tmp', '/var/tmp', '/dev/shm'];
/** The longest of corosync's names for its sockets. */
const LONGEST_SERVICE = 'votequorum';

/**
 * A fresh directory for the sockets and files of a fake.
 * @throws Error there is no place for one, with what is wrong with each
 */
export function makeSocketDirectory(prefix = 'fake-corosync-'): string {
  const failures: string[] = [];
  for (const place of [tmpdir(), ...SHORT_PLACES]) {
    const path = join(place, prefix);
    const excess = excessOfSocketPath(`${path}XXXXXX/${LONGEST_SERVICE}`);
    if (excess === undefined) {
      try {
        return fs.mkdtempSync(path);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    } else failures.push(excess);
  }
  throw new Error(
    `a fake corosync needs a directory for its socket; set TMPDIR to one: ${failures.join('; ')}`,
  );
}
