import { nameOf } from '../system/accounts.ts';
import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { findRule, uidgidFiles } from '../configuration/uidgid-rules.ts';

/** Whether corosync's files allow us. Rules can also be set in its map, so that only a connection really tells. */
export function checkPermission(surroundings: Surroundings): Remark {
  const { uid, gid } = surroundings.seenAs;
  if (uid === 0 || gid === 0) return ok('corosync allows root and group 0');
  const { configFile, directory } = uidgidFiles(surroundings);
  const search = findRule(surroundings);
  switch (search.result) {
    case 'found':
      return ok(`${search.file} allows uid ${uid}, gid ${gid}`);
    case 'none':
      return note(`neither ${configFile} nor a file in ${directory} allows uid ${uid} or gid ${gid}`);
    case 'unreadable':
      return note(`${search.file} cannot be read; whether it allows uid ${uid} or gid ${gid} is unknown`);
  }
}

/**
 * For when corosync has refused us. The rule has a number, not a name: corosync does not start with a name
 * that it does not know, and the names of a container are not those of its host.
 */
export function permissionRemedy(surroundings: Surroundings): string {
  const search = findRule(surroundings);
  if (search.result === 'found') {
    return `${search.file} allows this user, but corosync has not read it: run corosync-cfgtool -R as root`;
  }
  const { uid } = surroundings.seenAs;
  const file = `${uidgidFiles(surroundings).directory}/${fileName(surroundings)}`;
  return `as root, create ${file} where corosync runs, with these lines, and run corosync-cfgtool -R:\nuidgid {\n  uid: ${uid}\n}`;
}

/** After the user, if that makes a file name. */
function fileName({ files, user, seenAs }: Surroundings): string {
  const name = nameOf(files, 'passwd', user.uid);
  return name !== undefined && /^\w[\w.-]*$/.test(name) ? name : `uid-${seenAs.uid}`;
}
