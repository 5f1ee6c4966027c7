import { CFG_REQUEST_ID } from '../../codec/cfg/ids.ts';
import { CMAP_REQUEST_ID } from '../../codec/cmap/ids.ts';
import { CPG_REQUEST_ID } from '../../codec/cpg/ids.ts';
import { QUORUM_REQUEST_ID } from '../../codec/quorum/ids.ts';
import { VOTEQUORUM_REQUEST_ID } from '../../codec/votequorum/ids.ts';

const REQUEST_IDS = {
  cmap: CMAP_REQUEST_ID,
  quorum: QUORUM_REQUEST_ID,
  votequorum: VOTEQUORUM_REQUEST_ID,
  cfg: CFG_REQUEST_ID,
  cpg: CPG_REQUEST_ID,
} as const;

type RequestIds = typeof REQUEST_IDS;

/** The services that a fake has, by the names of their sockets. */
export type FakeService = keyof RequestIds;

/** The requests of all services by the names that faults use. */
export type RequestName = { [Name in FakeService]: keyof RequestIds[Name] }[FakeService];

export const FAKE_SERVICES = Object.keys(REQUEST_IDS) as readonly FakeService[];

/** The requests of a service. */
export function requestNames(service: FakeService): readonly RequestName[] {
  return Object.keys(REQUEST_IDS[service]) as RequestName[];
}

/** The requests of all services, each name once. */
export const REQUEST_NAMES: readonly RequestName[] = [...new Set(FAKE_SERVICES.flatMap(requestNames))];

/** The name of a service's request; `undefined`: it knows no such id. */
export function requestName(service: FakeService, id: number): RequestName | undefined {
  const ids: Partial<Record<RequestName, number>> = REQUEST_IDS[service];
  return requestNames(service).find((name) => ids[name] === id);
}
