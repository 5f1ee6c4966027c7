import { MAP_CODES, type CmapMap } from '../codec/cmap/set-current-map.ts';
import { CsError, show } from '../errors/index.ts';
import { timeoutOf, type CallOptions, type IpcOptions } from '../ipc/index.ts';
import { checkOptionNames, type OptionNames } from '../options/option-names.ts';

/** How to reach corosync's configuration map. Everything has a default that suits a local corosync. */
export interface CmapConnectOptions extends CallOptions {
  /** `'icmap'` (default) is the configuration and run-time map, `'stats'` the read-only map of statistics. */
  readonly map?: CmapMap | undefined;
  /** Name of corosync's socket. Default `'cmap'`. */
  readonly socketName?: string | undefined;
  /**
   * Directory of the socket, for libqb's filesystem sockets. Default: the abstract namespace, or, where
   * `/etc/libqb/force-filesystem-sockets` exists, `/run`, `/var/run` or `/tmp`, whichever has the socket.
   */
  readonly socketDirectory?: string | undefined;
  /** Where corosync's `/dev/shm` is mounted, for example `/proc/<pid>/root/dev/shm`. Default `/dev/shm`. */
  readonly sharedMemoryDirectory?: string | undefined;
  /**
   * Bytes of each of the three ring buffers, 65536 to 16777216. Default 1048576, as libcmap asks for; a connection
   * costs about three times that of corosync's `/dev/shm`. With datagram sockets it is the size of the largest message only.
   */
  readonly bufferSize?: number | undefined;
  /** Milliseconds for connecting in all, and the default limit of every later call. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** How many more times to ask while corosync answers CS_ERR_TRY_AGAIN, as it does while it starts. Default 10. */
  readonly tryAgainAttempts?: number | undefined;
  /** Milliseconds between those attempts. Default 200. */
  readonly tryAgainDelayMs?: number | undefined;
}

const OPERATION = 'cmap_initialize_map';
const NAMES: OptionNames<CmapConnectOptions> = {
  map: true,
  socketName: true,
  socketDirectory: true,
  sharedMemoryDirectory: true,
  bufferSize: true,
  timeoutMs: true,
  signal: true,
  tryAgainAttempts: true,
  tryAgainDelayMs: true,
};
/** corosync's other services, where our requests would mean something else: to cfg a get is "kill a node". */
const OTHER_SERVICES: readonly string[] = ['cfg', 'cpg', 'quorum', 'votequorum', 'pload', 'mon', 'wd'];
const BUFFER_SIZE = { least: 64 * 1024, most: 16 * 1024 * 1024, default: 1024 * 1024 };

/** Checks the options and fills in the defaults. */
export function resolveConnectOptions(options: CmapConnectOptions): IpcOptions & { readonly map: CmapMap } {
  checkOptionNames({ operation: OPERATION }, options, NAMES);
  return {
    map: checkMap(options.map ?? 'icmap'),
    service: checkSocketName(options.socketName ?? 'cmap'),
    socketDirectory: checkDirectory('socketDirectory', options.socketDirectory),
    sharedMemoryDirectory: checkDirectory('sharedMemoryDirectory', options.sharedMemoryDirectory),
    bufferSize: checkInteger(
      'bufferSize',
      options.bufferSize ?? BUFFER_SIZE.default,
      BUFFER_SIZE.least,
      BUFFER_SIZE.most,
    ),
    timeoutMs: timeoutOf({ signal: options.signal, timeoutMs: options.timeoutMs }, 30_000, OPERATION),
    signal: options.signal,
    tryAgainAttempts: checkInteger('tryAgainAttempts', options.tryAgainAttempts ?? 10, 0, 100_000),
    tryAgainDelayMs: checkInteger('tryAgainDelayMs', options.tryAgainDelayMs ?? 200, 10, 0x7fffffff),
  };
}

/** libcmap answers CS_ERR_NOT_EXIST for a map that corosync does not have. */
function checkMap(map: string): CmapMap {
  if (typeof map === 'string' && Object.hasOwn(MAP_CODES, map)) return map as CmapMap;
  throw new CsError('CS_ERR_NOT_EXIST', {
    operation: OPERATION,
    detail: `there is no map ${show(map)}; use 'icmap' or 'stats'`,
  });
}

function checkSocketName(name: string): string {
  if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
    throw invalid(`socketName ${show(name)} is not a plain name`);
  if (OTHER_SERVICES.includes(name)) throw invalid(`socketName ${show(name)} is that of another service`);
  return name;
}

function checkDirectory(option: string, directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  if (typeof directory !== 'string' || !directory.startsWith('/') || directory.includes('\0')) {
    throw invalid(`${option} ${show(directory)} is not an absolute path`);
  }
  return directory.replace(/\/+$/, '');
}

function checkInteger(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${option} is ${show(value)}; it ranges from ${least} to ${most}`);
}

function invalid(detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation: OPERATION, detail });
}
