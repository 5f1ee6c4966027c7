import { ConnectionError } from '../errors/index.ts';

/** Where libqb creates its ring files; the paths in the connection response name it, whatever mount we reach it by. */
export const SERVER_ROOT = '/dev/shm';
/** The directory that libqb makes for one connection. */
export const CONNECTION_DIRECTORY = /^qb-(?<serverPid>\d+)-\d+-\d+-[A-Za-z0-9]{6}$/;

/** The directory and the files of one connection, as they are to be opened from here. */
export interface SharedMemoryPaths {
  readonly directory: string;
  readonly serverPid: number;
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
  sharedMemoryDirectory: string = SERVER_ROOT,
): SharedMemoryPaths {
  const name = paths.request.split('/').at(-2) ?? '';
  const serverPid = CONNECTION_DIRECTORY.exec(name)?.groups?.serverPid;
  if (serverPid === undefined) throw untrusted(paths.request);
  const translate = (channel: 'request' | 'response' | 'event'): string => {
    const file = `qb-${channel}-${service}`;
    if (paths[channel] !== `${SERVER_ROOT}/${name}/${file}`) throw untrusted(paths[channel]);
    return `${sharedMemoryDirectory}/${name}/${file}`;
  };
  return {
    directory: `${sharedMemoryDirectory}/${name}`,
    serverPid: Number(serverPid),
    request: translate('request'),
    response: translate('response'),
    event: translate('event'),
  };
}

function untrusted(path: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail:
      `the server names ${JSON.stringify(path.slice(0, 200))} as a ring buffer, which libqb would not; ` +
      `whatever listens on this socket is not corosync`,
  });
}
