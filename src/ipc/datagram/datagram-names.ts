import { dirname } from 'node:path';
import { ConnectionError } from '../../errors/index.ts';
import { checkSocketPath } from '../socket-address.ts';
import { CONNECTION_DIRECTORY, SERVER_ROOT } from '../shared-memory/shared-memory-path.ts';

/** Where a datagram socket has its name: in the abstract namespace, or in the file system. */
export type DatagramNamespace = 'abstract' | 'file';

/** The names of one connection's datagram sockets and of its control file, as they are to be used from here. */
export interface DatagramNames {
  readonly namespace: DatagramNamespace;
  /** To it libqb appends `-request`, `-response`, `-event` and `-event-tx`. */
  readonly base: string;
  readonly control: string;
  readonly serverPid: number;
  /** Ours, as the server sees it: another number, or 0, from another pid namespace. */
  readonly clientPid: number;
  /** The connection's own directory, where libqb makes one. */
  readonly directory: string | undefined;
}

/** How the server was reached, and where its `/dev/shm` is. */
export interface DatagramPlace {
  readonly service: string;
  readonly setupPath: string;
  readonly sharedMemoryDirectory: string;
}

/**
 * Checks the names of a connection response. As for rings, nothing passes but the exact shapes that libqb creates:
 * - libqb 1.0.4 and later on Linux: a directory `/dev/shm/qb-<pid>-<pid>-<n>-<random>`; names that start with a slash are abstract,
 *   even where libqb is told to use files;
 * - libqb before 1.0.4 with filesystem sockets: `qb-<service>-<pid>-<pid>-<n>` beside the setup socket;
 * - libqb elsewhere (FreeBSD): `<pid>-<pid>-<n>-<service>` beside the setup socket, the control file there, too.
 */
export function checkDatagramNames(
  paths: { readonly request: string; readonly response: string; readonly event: string },
  place: DatagramPlace,
): DatagramNames {
  if (paths.event !== '') throw untrusted(paths.event);
  return paths.response.startsWith('/') ? abstractNames(paths, place) : fileNames(paths, place);
}

function abstractNames(
  { request, response }: { readonly request: string; readonly response: string },
  { service, sharedMemoryDirectory }: DatagramPlace,
): DatagramNames {
  const name = response.split('/').at(-2) ?? '';
  const { serverPid, clientPid } = CONNECTION_DIRECTORY.exec(name)?.groups ?? {};
  if (serverPid === undefined || clientPid === undefined) throw untrusted(response);
  const base = `${SERVER_ROOT}/${name}/qb-${service}`;
  if (response !== base) throw untrusted(response);
  if (request !== `${SERVER_ROOT}/${name}/qb-control-${service}`) throw untrusted(request);
  const directory = `${sharedMemoryDirectory}/${name}`;
  return {
    namespace: 'abstract',
    base,
    control: `${directory}/qb-control-${service}`,
    serverPid: Number(serverPid),
    clientPid: Number(clientPid),
    directory,
  };
}

const CONNECTION_NUMBERS =
  /^(?:qb-(?<service>.+)-)?(?<numbers>(?<serverPid>\d+)-(?<clientPid>\d+)-\d+)(?:-(?<laterService>\D.*))?$/;

function fileNames(
  { request, response }: { readonly request: string; readonly response: string },
  { service, setupPath, sharedMemoryDirectory }: DatagramPlace,
): DatagramNames {
  const groups = CONNECTION_NUMBERS.exec(response)?.groups;
  if (groups === undefined || setupPath.startsWith('\0')) throw untrusted(response);
  const { numbers = '', serverPid = '', clientPid = '' } = groups;
  const directory = dirname(setupPath);
  const known = [
    {
      response: `qb-${service}-${numbers}`,
      request: `${SERVER_ROOT}/qb-${service}-control-${numbers}`,
      control: `${sharedMemoryDirectory}/qb-${service}-control-${numbers}`,
    },
    {
      response: `${numbers}-${service}`,
      request: `${directory}/${numbers}-control-${service}`,
      control: `${directory}/${numbers}-control-${service}`,
    },
  ];
  const names = known.find((shape) => shape.response === response);
  if (names === undefined) throw untrusted(response);
  if (names.request !== request) throw untrusted(request);
  checkSocketPath(`${directory}/${response}-event-tx`);
  return {
    namespace: 'file',
    base: `${directory}/${response}`,
    control: names.control,
    serverPid: Number(serverPid),
    clientPid: Number(clientPid),
    directory: undefined,
  };
}

function untrusted(name: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail:
      `the server names ${JSON.stringify(name.slice(0, 200))} for its datagram sockets, which libqb would not; ` +
      `whatever listens on this socket is not corosync`,
  });
}
