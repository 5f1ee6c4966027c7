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
  return [
    ok(`corosync serves ${served.join(', ')}`),
    ...missing.map((service) =>
      note('service-not-served', `nobody listens as ${service}`, remedyFor(service, surroundings)),
    ),
  ];
}

function isServed({ files, socketPath }: Surroundings, service: string): boolean {
  if (!socketPath.startsWith('\0'))
    return files.stat(`${dirname(socketPath)}/${service}`)?.isSocket() === true;
  return listeningSockets(files, 'self').includes(abstractName(abstractSocketPath(service)));
}

function remedyFor(service: string, surroundings: Surroundings): string {
  const configured = mainConf(surroundings) !== undefined;
  const provider = setting(surroundings, 'quorum', 'provider');
  if (service === 'votequorum' && configured && provider !== 'corosync_votequorum') {
    return 'it takes quorum { provider: corosync_votequorum } in corosync.conf, and a restart of corosync';
  }
  if (service === 'votequorum' && !configured) {
    return 'it takes quorum { provider: corosync_votequorum } in corosync.conf, which cannot be read here';
  }
  return 'corosync starts or ends: run corosync-client doctor again in a moment';
}
