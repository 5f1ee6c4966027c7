import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import type { CmapService, FakeTracker } from './cmap/cmap-service.ts';
import type { FakeService } from './faults/request-names.ts';
import type { ServerConnection } from './server/server-connection.ts';

/** One connected client, as corosync knows it. */
export interface FakeClient {
  /** The service that it is connected to. */
  readonly service: FakeService;
  /** 1 for the first that ever connected. */
  readonly number: number;
  /** The map that it works on, if it is a client of cmap. */
  readonly map: CmapMap;
  /** Its trackers of cmap. */
  readonly trackers: readonly FakeTracker[];
  /** How many iterators it has not finalized. */
  readonly openIterators: number;
  /** Requests that it has sent and corosync has handled. */
  readonly requests: number;
  /** Notifications that wait because its event ring is full. */
  readonly queuedEvents: number;
  /** Where its files are. */
  readonly ringDirectory: string;
  /** Ends its connection, as corosync does with a client that breaks the protocol. */
  close(): void;
}

export function describeClient(connection: ServerConnection, service: CmapService | undefined): FakeClient {
  return {
    service: connection.serviceName,
    number: connection.number,
    map: service?.map ?? 'icmap',
    trackers: service?.trackers ?? [],
    openIterators: service?.openIterators ?? 0,
    requests: connection.transport.handled,
    queuedEvents: connection.queuedEvents,
    ringDirectory: connection.transport.directory,
    close: () => connection.close(),
  };
}
