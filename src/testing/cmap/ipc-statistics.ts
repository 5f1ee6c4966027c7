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
const NOTHING_64 = [
  'dispatched',
  'flow_control_count',
  'invalid_request',
  'overload',
  'recv_retries',
  'send_retries',
];

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
    const shown: readonly (readonly [name: string, value: () => CmapValue])[] = [
      ['procname', () => ({ type: 'string', value: 'node' })],
      ['requests', handled],
      ['responses', handled],
      ['queued', () => ({ type: 'uint32', value: connection.queuedEvents })],
      ['queueing', () => ({ type: 'int32', value: Number(connection.queuedEvents > 0) })],
      ['flow_control', () => ({ type: 'uint32', value: 0 })],
      ['sent', () => ({ type: 'uint32', value: 0 })],
      ...NOTHING_64.map((name) => [name, (): CmapValue => ({ type: 'uint64', value: 0n })] as const),
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
          present?.closed(connection);
          service.close(gone);
        },
      };
    },
  };
}
