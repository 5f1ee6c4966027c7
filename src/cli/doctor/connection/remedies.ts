import { confinementRemedy } from '../checks/confinement.ts';
import { permissionRemedy } from '../checks/permission.ts';
import { findRule } from '../configuration/uidgid-rules.ts';
import type { FindingId } from '../finding-ids.ts';
import type { Surroundings } from '../surroundings.ts';
import { unitOf } from '../system/cgroups.ts';
import { connectionsOf } from './clients.ts';
import { mayUseSockets } from './probe.ts';

/** Somebody listens, and does not answer. */
export function silentRemedy({ corosync, service }: Surroundings): string {
  const hangs = 'corosync hangs, or is very busy: its log may tell why; --timeout waits longer';
  if (corosync !== undefined) return hangs;
  return `either ${hangs}; or another program has its name: ss -xlp | grep ${service}, as root`;
}

/** Either corosync refuses us, or something refuses corosync; a rule that is missing may be half of it. */
export function refusedBy(surroundings: Surroundings, seen: readonly FindingId[]): string {
  const { corosync } = surroundings;
  const rule = findRule(surroundings).result === 'found' ? undefined : permissionRemedy(surroundings);
  if (seen.includes('corosync-capabilities')) {
    const known = reasonIs('corosync-capabilities');
    return rule === undefined ? known : `${rule}\nand if that is not all, ${known}`;
  }
  return (
    permissionRemedy(surroundings) ??
    confinementRemedy(
      surroundings,
      corosync?.pid ?? 'self',
      'make the files of a connection; it is corosync that is refused',
    )
  );
}

/** Files that may not be opened: libqb goes on where corosync may not give them away. */
export function filesRemedy(surroundings: Surroundings): string {
  const { corosync, user } = surroundings;
  const ours = confinementRemedy(surroundings, 'self', 'open the files of a connection');
  if (corosync?.status.filtered !== true || corosync.status.uid === user.real.uid) return ours;
  const { pid } = corosync;
  return [
    `either the seccomp filter of corosync (pid ${pid}) does not let it give files to another user:`,
    '  SystemCallFilter= of its unit, or the seccomp profile of its container, has to allow @chown;',
    `or ${ours}`,
  ].join('\n');
}

export function reasonIs(id: FindingId): string {
  return `the reason is above: ${id}`;
}

export function descriptorsRemedy(surroundings: Surroundings): string {
  const clients = connectionsOf(surroundings);
  const whose = clients === '' ? '' : ` (${clients})`;
  return [
    `end what holds connections${whose},`,
    'or let corosync have more, and restart it: LimitNOFILE= of its unit, docker run --ulimit nofile=4096',
  ].join('\n');
}

export function noSocketsRemedy({ files }: Surroundings): string {
  const unit = unitOf(files, 'self');
  return [
    'something does not let this process make unix sockets:',
    `  RestrictAddressFamilies= of its unit has to list AF_UNIX (systemctl show -p RestrictAddressFamilies ${unit ?? 'UNIT'}),`,
    '  or the seccomp profile of its container has to allow socket(AF_UNIX)',
  ].join('\n');
}

/** A name that nobody has tells whether it is about all sockets, or about this one. */
export async function socketRemedy(surroundings: Surroundings): Promise<string> {
  if (!(await mayUseSockets())) return noSocketsRemedy(surroundings);
  return confinementRemedy(surroundings, 'self', 'connect to this socket');
}
