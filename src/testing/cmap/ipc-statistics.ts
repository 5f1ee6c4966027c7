import type { CmapValue } from '../../codec/cmap/value.ts';
import type { FakeService } from '../faults/request-names.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import type { ServedService } from '../server/service.ts';
import type { StatsMap } from './stats-map.ts';
import { toStored } from './stored-value.ts';

/** The numbers of services in keys. */
const SERVICE_NUMBERS: Readonly<Record<FakeService, number>> = {
  cmap: 0,
  cfg: 1,
  cpg: 2,
  quorum: 3,
  votequorum: 5,
};
/** What is not counted here. */
const nothing = (type: 'uint32' | 'uint64') => (): CmapValue =>
  type === 'uint64' ? { type, value: 0n } : { type, value: 0 };

/** What corosync shows of its clients: `stats.ipcs.`. A client of another process is shown as one of this. */
export class IpcStatistics {
  readonly #stats: StatsMap;
  readonly #keys = new Map<ServerConnection, readonly string[]>();
  #closed = 0n;

  constructor(stats: StatsMap) {
    this.#stats = stats;
    this.#show('stats.ipcs.global.active', () => ({ type: 'uint64', value: BigInt(this.#keys.size) }));
    this.#show('stats.ipcs.global.closed', () => ({ type: 'uint64', value: this.#closed }));
  }

  opened(connection: ServerConnection): void {
    const { number, serviceName } = connection;
    const address = (0x5500_0000_0000 + number * 0x100).toString(16);
    const prefix = `stats.ipcs.service${SERVICE_NUMBERS[serviceName]}.${process.pid}.0x${address}.`;
    const handled = (): CmapValue => ({ type: 'uint64', value: BigInt(connection.transport.handled) });
    // In corosync's order, in which those who track them are told.
    const shown: readonly (readonly [name: string, value: () => CmapValue])[] = [
      ['queueing', () => ({ type: 'int32', value: Number(connection.queuedEvents > 0) })],
      ['queued', () => ({ type: 'uint32', value: connection.queuedEvents })],
      ['invalid_request', nothing('uint64')],
      ['overload', nothing('uint64')],
      ['sent', nothing('uint32')],
      ['procname', () => ({ type: 'string', value: 'node' })],
      ['requests', handled],
      ['responses', handled],
      ['dispatched', nothing('uint64')],
      ['send_retries', nothing('uint64')],
      ['recv_retries', nothing('uint64')],
      ['flow_control', nothing('uint32')],
      ['flow_control_count', nothing('uint64')],
    ];
    for (const [name, value] of shown) this.#show(prefix + name, value);
    this.#keys.set(
      connection,
      shown.map(([name]) => prefix + name),
    );
  }

  closed(connection: ServerConnection): void {
    for (const key of this.#keys.get(connection) ?? []) this.#stats.remove(key);
    if (this.#keys.delete(connection)) this.#closed += 1n;
  }

  /** Unless somebody has said already what it is. */
  #show(key: string, value: () => CmapValue): void {
    if (this.#stats.peek(key) !== undefined) return;
    this.#stats.putLive(key, () => toStored('FakeCorosync', key, value()));
  }
}

/** The same service, whose clients are shown. @param statistics of the present start; `undefined`: nobody looks */
export function shown(
  served: ServedService<ServerConnection>,
  statistics: () => IpcStatistics | undefined,
): ServedService<ServerConnection> {
  return {
    ...served,
    open: (connection) => {
      const service = served.open(connection);
      const present = statistics();
      present?.opened(connection);
      return {
        handle: (request, context) => service.handle(request, context),
        isAnswered: (request) => service.isAnswered?.(request) ?? true,
        close: (gone) => {
          service.close(gone);
          present?.closed(connection);
        },
      };
    },
  };
}
