/** The services of corosync that have a socket of their own, by the socket's name. */
export const SERVICE_NAMES = ['cfg', 'cmap', 'cpg', 'quorum', 'votequorum'] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The sockets of further services, which some builds of corosync have. */
const OTHER_SOCKETS = ['mon', 'pload', 'wd'];

/** Whether a socket of this name is another service's: there, each request would mean something else. To cfg, a get of cmap is "kill a node". */
export function isOfAnotherService(socketName: string, service: ServiceName): boolean {
  return socketName !== service && [...SERVICE_NAMES, ...OTHER_SOCKETS].includes(socketName);
}
