import { ConnectionError } from '../../errors/index.ts';

/** Where libqb creates its ring files; the paths in the connection response name it, whatever mount we reach it by. */
export const SERVER_ROOT = '/dev/shm';
/** The directory that libqb makes for one connection. Pids are as C prints them; the third number is that of the server's socket. */
export const CONNECTION_DIRECTORY =
  /^qb-(?<serverPid>[1-9]\d{0,9})-(?<clientPid>0|[1-9]\d{0,9})-(?:0|[1-9]\d{0,9})-[A-Za-z0-9]{6}$/;

/** The directory and the files of one connection, as they are to be opened from here. */
export interface SharedMemoryPaths {
  readonly directory: string;
  readonly serverPid: number;
  readonly clientPid: number;
  readonly request: string;
  readonly response: string;
  readonly event: string;
}

/**
 * Checks the three paths of a connection response. Any local user can take the name `@cmap` while corosync
 * is down, and we open these files for writing: so nothing passes but the exact shape that libqb creates,
 * `/dev/shm/qb-<pid>-<pid>-<n>-<random>/qb-<channel>-<service>`, all three in the same directory.
 */
export function checkSharedMemoryPaths(
  paths: { readonly request: string; readonly response: string; readonly event: string },
  service: string,
  sharedMemoryDirectory?: string,
): SharedMemoryPaths {
  const name = paths.request.split('/').at(-2) ?? '';
  const translated = sharedMemoryPaths(name, service, sharedMemoryDirectory);
  if (translated === undefined) throw untrusted(paths.request);
  for (const channel of ['request', 'response', 'event'] as const) {
    if (paths[channel] !== `${SERVER_ROOT}/${name}/${fileOf(channel, service)}`)
      throw untrusted(paths[channel]);
  }
  return translated;
}

/** The paths in a directory of that name, if libqb could have made it. */
export function sharedMemoryPaths(
  name: string,
  service: string,
  sharedMemoryDirectory: string = SERVER_ROOT,
): SharedMemoryPaths | undefined {
  const { serverPid, clientPid } = CONNECTION_DIRECTORY.exec(name)?.groups ?? {};
  if (serverPid === undefined || clientPid === undefined) return undefined;
  const directory = `${sharedMemoryDirectory}/${name}`;
  return {
    directory,
    serverPid: Number(serverPid),
    clientPid: Number(clientPid),
    request: `${directory}/${fileOf('request', service)}`,
    response: `${directory}/${fileOf('response', service)}`,
    event: `${directory}/${fileOf('event', service)}`,
  };
}

function fileOf(channel: 'request' | 'response' | 'event', service: string): string {
  return `qb-${channel}-${service}`;
}

function untrusted(path: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail:
      `the server names ${JSON.stringify(path.slice(0, 200))} as a ring buffer, which libqb would not; ` +
      `whatever listens on this socket is not corosync`,
  });
}
