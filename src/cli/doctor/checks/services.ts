import { dirname } from 'node:path';
import { abstractSocketPath } from '../../../ipc/socket-address.ts';
import { mainConf, setting } from '../configuration/main-conf.ts';
import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';

/** The names under which corosync serves its libraries. */
const SERVICES = ['cmap', 'quorum', 'votequorum', 'cfg', 'cpg'];

/** Which of corosync's services listen beside the one that we are going to connect to. They are looked at, not connected to. */
export function checkServices(surroundings: Surroundings): Remark[] {
  const served = SERVICES.filter((service) => isServed(surroundings, service));
  // Nobody at all is for the check of the socket to tell.
  if (served.length === 0) return [];
  const missing = SERVICES.filter((service) => !served.includes(service));
  const remarks = [ok(`corosync serves ${served.join(', ')}`)];
  const [starting, configured] = isVotequorumLeftOut(surroundings)
    ? [missing.filter((service) => service !== 'votequorum'), missing.includes('votequorum')]
    : [missing, false];
  if (starting.length > 0) {
    const remedy =
      'corosync starts or ends, or is not what listens: run corosync-client doctor again in a moment';
    remarks.push(note('service-not-served', `nobody listens as ${starting.join(', ')}`, remedy));
  }
  if (configured) {
    const remedy =
      'it takes quorum { provider: corosync_votequorum } in corosync.conf, and a restart of corosync';
    remarks.push(note('service-not-served', 'nobody listens as votequorum', remedy));
  }
  return remarks;
}

function isServed({ files, socketPath }: Surroundings, service: string): boolean {
  if (!socketPath.startsWith('\0'))
    return files.stat(`${dirname(socketPath)}/${service}`)?.isSocket() === true;
  return listeningSockets(files, 'self').includes(abstractName(abstractSocketPath(service)));
}

/** Where the configuration can be read. */
function isVotequorumLeftOut(surroundings: Surroundings): boolean {
  if (mainConf(surroundings) === undefined) return false;
  return setting(surroundings, 'quorum', 'provider') !== 'corosync_votequorum';
}
