import { asError, ConnectionError } from '../../errors/index.ts';
import type { DatagramNamespace } from './datagram-names.ts';
import type { DatagramBackend } from './datagram-socket.ts';
import { loadNodeUnixSocket } from './node-unix-socket.ts';
import { loadUnixDgram } from './unix-dgram-socket.ts';

/** A package of npm that provides datagram sockets. */
export interface DatagramPackage {
  readonly name: string;
  /** Rejects if the package is not there, or does not run here. */
  load(namespace: DatagramNamespace): Promise<DatagramBackend>;
}

const NODE_UNIX_SOCKET: DatagramPackage = { name: 'node-unix-socket', load: loadNodeUnixSocket };
/** Compiles on installation, and has no abstract names; but it compiles everywhere, FreeBSD included. */
const UNIX_DGRAM: DatagramPackage = { name: 'unix-dgram', load: loadUnixDgram };

const PACKAGES: Record<DatagramNamespace, readonly DatagramPackage[]> = {
  abstract: [NODE_UNIX_SOCKET],
  file: [NODE_UNIX_SOCKET, UNIX_DGRAM],
};

/**
 * The backend for names of this kind. Loaded only now: most corosyncs never ask for it.
 * @throws ConnectionError CS_ERR_NOT_SUPPORTED, with the remedy, if no package is installed or none works here.
 */
export async function loadDatagramBackend(
  namespace: DatagramNamespace,
  packages: readonly DatagramPackage[] = PACKAGES[namespace],
): Promise<DatagramBackend> {
  const failures: Error[] = [];
  for (const candidate of packages) {
    try {
      return await candidate.load(namespace);
    } catch (error) {
      failures.push(asError(error));
    }
  }
  throw missing(packages, failures);
}

function missing(packages: readonly DatagramPackage[], failures: readonly Error[]): ConnectionError {
  const remedies = packages.map(({ name }) => `npm install ${name}`).join(' or ');
  const unusable = failures.filter((failure) => !isNotInstalled(failure)).map(({ message }) => message);
  return new ConnectionError('CS_ERR_NOT_SUPPORTED', {
    operation: 'connect',
    detail:
      'corosync is configured for datagram sockets (`system { qb_ipc_type: socket }`), which Node.js itself does not have; ' +
      `${remedies}, or remove that setting from corosync.conf (shared memory is the default)` +
      (unusable.length === 0 ? '' : `; what is installed does not run here: ${unusable.join('; ')}`),
    cause: failures.length === 1 ? failures[0] : new AggregateError(failures),
  });
}

function isNotInstalled(failure: Error): boolean {
  return 'code' in failure && failure.code === 'ERR_MODULE_NOT_FOUND';
}
