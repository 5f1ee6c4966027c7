import { dirname } from 'node:path';
import { abstractSocketPath } from '../../../ipc/socket-address.ts';
import { mainConf, setting } from '../configuration/main-conf.ts';
import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { abstractName, listeningSockets } from '../system/listening-sockets.ts';

/** corosync's only provider of quorum, which serves votequorum. */
const VOTEQUORUM = 'corosync_votequorum';
/** The names under which corosync serves its libraries. */
const SERVICES = ['cmap', 'quorum', 'votequorum', 'cfg', 'cpg'];

/** Which of corosync's services listen beside the one that we are going to connect to. They are looked at, not connected to. */
export function checkServices(surroundings: Surroundings): Remark[] {
  const served = servedServices(surroundings);
  // Nobody at all is for the check of the socket to tell.
  if (served.length === 0) return [];
  const missing = SERVICES.filter((service) => !served.includes(service));
  const remarks = [ok(`corosync serves ${served.join(', ')}`)];
  const provider = configuredProvider(surroundings);
  // A corosync that starts or ends lacks others, too, unless we look at the very moment.
  const isLeftOut =
    missing.join() === 'votequorum' ||
    (missing.includes('votequorum') && provider !== undefined && provider !== VOTEQUORUM);
  const starting = isLeftOut ? missing.filter((service) => service !== 'votequorum') : missing;
  if (starting.length > 0) {
    const remedy =
      'corosync starts or ends, or is not what listens: run corosync-client doctor again in a moment';
    remarks.push(note('service-not-served', `nobody listens as ${starting.join(', ')}`, remedy));
  }
  if (isLeftOut) {
    remarks.push(note('service-not-served', 'nobody listens as votequorum', votequorumRemedy(provider)));
  }
  return remarks;
}

function servedServices({ files, socketPath }: Surroundings): string[] {
  if (!socketPath.startsWith('\0')) {
    const directory = dirname(socketPath);
    return SERVICES.filter((service) => files.stat(`${directory}/${service}`)?.isSocket() === true);
  }
  const addresses = listeningSockets(files, 'self');
  return SERVICES.filter((service) => addresses.includes(abstractName(abstractSocketPath(service))));
}

/** Empty if there is none, and `undefined` where the configuration cannot be read. */
function configuredProvider(surroundings: Surroundings): string | undefined {
  if (mainConf(surroundings) === undefined) return undefined;
  return setting(surroundings, 'quorum', 'provider') ?? '';
}

function votequorumRemedy(provider: string | undefined): string {
  if (provider === VOTEQUORUM) {
    return 'corosync.conf names it, and corosync runs without: restart corosync, unless it is just starting';
  }
  const unread = provider === undefined ? ' (which cannot be read here)' : '';
  return `it takes quorum { provider: ${VOTEQUORUM} } in corosync.conf${unread}, and a restart of corosync`;
}
