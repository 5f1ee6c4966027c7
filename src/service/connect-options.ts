import { CsError, show } from '../errors/index.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { timeoutOf, type CallOptions } from '../options/call-options.ts';
import type { OptionNames } from '../options/option-names.ts';
import { isOfAnotherService, type ServiceName } from './services.ts';

/** How to reach a service of corosync. Everything has a default that suits a local corosync. */
export interface ConnectOptions extends CallOptions {
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
  /** The C function that connects to it, for errors: `'cmap_initialize_map'`. */
  readonly operation: string;
  /** Bytes of each ring, unless the user asks for another size. */
  readonly bufferSize: number;
}

/** The options of connecting that all services have. */
export const CONNECT_OPTION_NAMES: OptionNames<ConnectOptions> = {
  socketName: true,
  socketDirectory: true,
  sharedMemoryDirectory: true,
  bufferSize: true,
  timeoutMs: true,
  signal: true,
  tryAgainAttempts: true,
  tryAgainDelayMs: true,
};

const BUFFER_SIZE = { least: 64 * 1024, most: 16 * 1024 * 1024 };

/** Checks the options and fills in the defaults. @throws CsError CS_ERR_INVALID_PARAM: an option is wrong. */
export function resolveConnectOptions(options: ConnectOptions, service: ServiceDescription): IpcOptions {
  const check = new Checks(service.operation);
  const { signal, timeoutMs } = options;
  return {
    service: check.socketName(options.socketName ?? service.name, service.name),
    socketDirectory: check.directory('socketDirectory', options.socketDirectory),
    sharedMemoryDirectory: check.directory('sharedMemoryDirectory', options.sharedMemoryDirectory),
    bufferSize: check.integer(
      'bufferSize',
      options.bufferSize ?? service.bufferSize,
      BUFFER_SIZE.least,
      BUFFER_SIZE.most,
    ),
    timeoutMs: timeoutOf({ signal, timeoutMs }, 30_000, service.operation),
    signal,
    tryAgainAttempts: check.integer('tryAgainAttempts', options.tryAgainAttempts ?? 10, 0, 100_000),
    tryAgainDelayMs: check.integer('tryAgainDelayMs', options.tryAgainDelayMs ?? 200, 10, 0x7fffffff),
  };
}

class Checks {
  readonly #operation: string;

  constructor(operation: string) {
    this.#operation = operation;
  }

  socketName(name: string, service: ServiceName): string {
    if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
      throw this.#invalid(`socketName ${show(name)} is not a plain name`);
    if (isOfAnotherService(name, service))
      throw this.#invalid(`socketName ${show(name)} is that of another service`);
    return name;
  }

  directory(option: string, directory: string | undefined): string | undefined {
    if (directory === undefined) return undefined;
    if (typeof directory !== 'string' || !directory.startsWith('/') || directory.includes('\0'))
      throw this.#invalid(`${option} ${show(directory)} is not an absolute path`);
    return directory.replace(/\/+$/, '');
  }

  integer(option: string, value: number, least: number, most: number): number {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.#invalid(`${option} is ${show(value)}; it ranges from ${least} to ${most}`);
  }

  #invalid(detail: string): CsError {
    return new CsError('CS_ERR_INVALID_PARAM', { operation: this.#operation, detail });
  }
}
