import { show } from '../errors/index.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { INT32_MAX, integer, object, oneOf, rule, Unfit, type Rule, type RulesOf } from '../options/rules.ts';
import { isOfAnotherService, type ServiceName } from './services.ts';

/** What a client may do. */
export type Access = 'all' | 'read';

/** How to reach a service of corosync. Everything has a default that suits a local corosync. */
export interface ConnectOptions extends CallOptions {
  /**
   * `'read'` makes a client that changes nothing: it refuses all other calls with CS_ERR_ACCESS, before a byte is sent. To corosync, whoever may connect may do
   * everything. Default `'all'`.
   */
  readonly access?: Access | undefined;
  /** Name of the service's socket. Default: the service's own name. */
  readonly socketName?: string | undefined;
  /**
   * Directory of the socket, for libqb's filesystem sockets. Default: the abstract namespace, or, where
   * `/etc/libqb/force-filesystem-sockets` exists, `/run`, `/var/run` or `/tmp`, whichever has the socket.
   */
  readonly socketDirectory?: string | undefined;
  /** Where corosync's `/dev/shm` is mounted, for example `/proc/<pid>/root/dev/shm`. Default `/dev/shm`. */
  readonly sharedMemoryDirectory?: string | undefined;
  /**
   * Bytes of each of the three ring buffers, 65536 to 16777216. A connection costs about three times that of corosync's `/dev/shm`.
   * Default: what the service needs; 1048576 for cmap, as libcmap asks for. With datagram sockets it is the size of the largest
   * message only.
   */
  readonly bufferSize?: number | undefined;
  /** Milliseconds for connecting in all, and the default limit of every later call. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** How many more times to ask while corosync answers CS_ERR_TRY_AGAIN, as it does while it starts. Default 10. */
  readonly tryAgainAttempts?: number | undefined;
  /** Milliseconds between those attempts. Default 200. */
  readonly tryAgainDelayMs?: number | undefined;
}

/** What a service says of itself. */
export interface ServiceDescription {
  readonly name: ServiceName;
  /** The ids of the requests that change nothing. */
  readonly reads: ReadonlySet<number>;
  /** The C function that connects to it, for errors: `'cmap_initialize_map'`. */
  readonly operation: string;
  /** Bytes of each ring, unless the user asks for another size. */
  readonly bufferSize: number;
  /** The least that the user may ask for. Default 65536. */
  readonly leastBufferSize?: number;
}

const plainName = rule(
  'a name of 1 to 80 of the characters a-z A-Z 0-9 . _ -',
  (value): value is string => typeof value === 'string' && /^[\w.-]{1,80}$/.test(value),
);
export const absolutePath = rule(
  'an absolute path',
  (value): value is string => typeof value === 'string' && value.startsWith('/') && !value.includes('\0'),
);
const directory: Rule<string> = (place, value) => absolutePath(place, value).replace(/\/+$/, '');

/** The rules of the options of connecting that are the same for all services. */
export const PLACE_RULES = {
  socketDirectory: directory,
  sharedMemoryDirectory: directory,
  ...CALL_RULES,
  tryAgainAttempts: integer(0, 100_000),
  tryAgainDelayMs: integer(10, INT32_MAX),
} as const;

/** The rules of the options of connecting that all services have. */
export function connectRules(service: ServiceDescription): RulesOf<ConnectOptions> {
  const { name, leastBufferSize = 64 * 1024 } = service;
  return {
    access: oneOf('all', 'read'),
    socketName: socketNameRule(name),
    ...PLACE_RULES,
    bufferSize: integer(leastBufferSize, 16 * 1024 * 1024),
  };
}

function socketNameRule(service: ServiceName): Rule<string> {
  return (place, value) => {
    const name = plainName(place, value);
    if (!isOfAnotherService(name, service)) return name;
    throw new Unfit(
      `${place} is ${show(name)}, the name of another service; leave it out, or name one of ${service}`,
    );
  };
}

/** Checks the options and fills in the defaults. @throws CsError CS_ERR_INVALID_PARAM: an option is wrong. */
export function resolveConnectOptions(options: ConnectOptions, service: ServiceDescription): IpcOptions {
  const connectRule = object<ConnectOptions>('connect', connectRules(service));
  return ipcOptions(checkOptions(service, options, connectRule), service);
}

/**
 * Fills in the defaults of options that have been checked: for services that have more than these.
 * @param map whose keys the service's requests list and change
 */
export function ipcOptions(options: ConnectOptions, service: ServiceDescription, map = 'icmap'): IpcOptions {
  const { socketName = service.name, bufferSize = service.bufferSize, timeoutMs = 30_000 } = options;
  const { tryAgainAttempts = 10, tryAgainDelayMs = 200 } = options;
  const { access, socketDirectory, sharedMemoryDirectory, signal } = options;
  return Object.freeze({
    service: socketName,
    serviceName: service.name,
    allowed: access === 'read' ? service.reads : undefined,
    socketDirectory,
    sharedMemoryDirectory,
    bufferSize,
    timeoutMs,
    signal,
    tryAgainAttempts,
    tryAgainDelayMs,
    turns: { name: socketName === service.name ? '' : socketName, map },
  });
}
