import type { CfgNodeStatus } from '../../codec/cfg/node-status-get.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { CS_ERROR_CODES } from '../../errors/index.ts';
import { MapReader } from '../map-reader.ts';
import { present } from '../present.ts';
import type {
  ClusterConfig,
  ClusterIpc,
  ClusterIpcProcess,
  ClusterLinkLatency,
  ClusterLinkTraffic,
  ClusterReload,
  ClusterScheduling,
  ClusterTotem,
  ClusterTotemState,
} from './figures-state.ts';
import type { LinkName } from './read-figures.ts';
import {
  CANNOT_FORM_KEY,
  CONFIG_VERSION_KEY,
  connectionOfName,
  enteredKey,
  IPC_GLOBAL,
  linkPrefix,
  missKeys,
  MOST_MISSES,
  RELOAD_MESSAGE_KEY,
  RELOAD_STATUS_KEY,
  RELOADING_KEY,
  SILENCE_KEY,
  tokenLostKey,
  TOTEM_FIGURES,
  TOTEM_STATES,
} from './keys.ts';

/** `undefined` where this corosync counts nothing of it. */
export function totemOf(stats: MapReader, map: MapReader): ClusterTotem | undefined {
  const tokenLost = byState(stats, tokenLostKey);
  const entered = byState(stats, enteredKey);
  const cannotForm = stats.integer(CANNOT_FORM_KEY);
  const totem = {
    ...present('tokenMs', map.integer('runtime.config.totem.token')),
    ...present('consensusMs', map.integer('runtime.config.totem.consensus')),
    ...present('silenceMs', asNumber(stats.counter(SILENCE_KEY))),
    ...present('rotationMs', stats.integer(TOTEM_FIGURES.rotationMs)),
    ...present('workloadMs', stats.integer(TOTEM_FIGURES.workloadMs)),
    ...present('retransmits', stats.counter(TOTEM_FIGURES.retransmits)),
    ...present('droppedMessages', stats.counter(TOTEM_FIGURES.droppedMessages)),
    ...present('consensusTimeouts', stats.counter(TOTEM_FIGURES.consensusTimeouts)),
    ...present('cannotForm', cannotForm === undefined ? undefined : cannotForm !== 0),
  };
  const known = Object.keys(totem).length + Object.keys(tokenLost).length + Object.keys(entered).length;
  return known === 0 ? undefined : Object.freeze({ ...totem, tokenLost, entered });
}

function byState(
  stats: MapReader,
  key: (state: string) => string,
): Readonly<Partial<Record<ClusterTotemState, bigint>>> {
  const counts: Partial<Record<ClusterTotemState, bigint>> = {};
  for (const state of TOTEM_STATES) {
    const count = stats.counter(key(state));
    if (count !== undefined) counts[state] = count;
  }
  return Object.freeze(counts);
}

export function schedulingOf(stats: MapReader): ClusterScheduling {
  const misses = Array.from({ length: MOST_MISSES }, (_, index) => {
    const keys = missKeys(index);
    const at = asNumber(stats.counter(keys.at));
    // The keys of misses that were not are there with zeros, or are not there.
    if (at === undefined || at === 0) return [];
    return [Object.freeze({ at: new Date(at), delayMs: stats.number(keys.delay) ?? 0 })];
  });
  return Object.freeze({ misses: Object.freeze(misses.flat()) });
}

/** `undefined`: it has not been read. */
export function ipcOf(stats: MapReader): ClusterIpc | undefined {
  const processes = new Map<string, ClusterIpcProcess>();
  for (const key of stats.keys()) {
    const of = connectionOfName(key);
    if (of === undefined) continue;
    const name = stats.text(key);
    if (name !== undefined) processes.set(name, withConnection(processes.get(name), name, stats, of));
  }
  const active = stats.counter(IPC_GLOBAL.active);
  if (processes.size === 0 && active === undefined) return undefined;
  return Object.freeze({
    ...present('active', active),
    ...present('closed', stats.counter(IPC_GLOBAL.closed)),
    processes: Object.freeze([...processes.values()].sort((one, other) => (one.name < other.name ? -1 : 1))),
  });
}

function withConnection(
  before: ClusterIpcProcess | undefined,
  name: string,
  stats: MapReader,
  of: string,
): ClusterIpcProcess {
  return Object.freeze({
    name,
    connections: (before?.connections ?? 0) + 1,
    requests: (before?.requests ?? 0n) + (stats.counter(`${of}requests`) ?? 0n),
    overloads: (before?.overloads ?? 0n) + (stats.counter(`${of}overload`) ?? 0n),
    sendRetries: (before?.sendRetries ?? 0n) + (stats.counter(`${of}send_retries`) ?? 0n),
    queued: (before?.queued ?? 0) + (stats.integer(`${of}queued`) ?? 0),
  });
}

export function configOf(
  map: MapReader,
  { drift, mistake }: Pick<ClusterConfig, 'drift' | 'mistake'>,
): ClusterConfig {
  const version = map.long(CONFIG_VERSION_KEY);
  return Object.freeze({
    ...present('version', version === 0n ? undefined : version),
    ...present('lastReload', lastReload(map)),
    stuck: map.integer(RELOADING_KEY) === 1,
    ...present('drift', drift),
    ...present('mistake', mistake),
  });
}

/** One that could not read its file leaves nothing but the mark that it has begun. */
function lastReload(map: MapReader): ClusterReload | undefined {
  const status = map.integer(RELOAD_STATUS_KEY);
  if (map.integer(RELOADING_KEY) === 1) return failed(map);
  if (status === undefined) return undefined;
  return status === CS_ERROR_CODES.CS_OK ? Object.freeze({ ok: true }) : failed(map);
}

function failed(map: MapReader): ClusterReload {
  return Object.freeze({ ok: false, ...present('message', map.text(RELOAD_MESSAGE_KEY)) });
}

/** `undefined`: no ping has been answered yet. */
export function latencyOf(stats: MapReader, nodeId: number, link: number): ClusterLinkLatency | undefined {
  const of = linkPrefix(nodeId, link);
  const samples = stats.integer(`${of}latency_samples`);
  const averageUs = stats.integer(`${of}latency_ave`);
  const minUs = stats.integer(`${of}latency_min`);
  const maxUs = stats.integer(`${of}latency_max`);
  if (samples === undefined || samples === 0) return undefined;
  if (averageUs === undefined || minUs === undefined || maxUs === undefined) return undefined;
  return Object.freeze({ averageUs, minUs, maxUs, samples });
}

export function trafficOf(stats: MapReader, nodeId: number, link: number): ClusterLinkTraffic | undefined {
  const of = linkPrefix(nodeId, link);
  const sentPackets = stats.counter(`${of}tx_total_packets`);
  const sentBytes = stats.counter(`${of}tx_total_bytes`);
  const receivedPackets = stats.counter(`${of}rx_total_packets`);
  const receivedBytes = stats.counter(`${of}rx_total_bytes`);
  const sendErrors = stats.counter(`${of}tx_total_errors`);
  if (sentPackets === undefined || sentBytes === undefined || sendErrors === undefined) return undefined;
  if (receivedPackets === undefined || receivedBytes === undefined) return undefined;
  return Object.freeze({ sentPackets, sentBytes, receivedPackets, receivedBytes, sendErrors });
}

/** The keys of both, of which the later come first. */
export function statsReader(...maps: readonly (ReadonlyMap<string, CmapValue> | undefined)[]): MapReader {
  return new MapReader(new Map(maps.flatMap((map) => (map === undefined ? [] : [...map]))));
}

/** The links that are in use. */
export function linkNames(links: ReadonlyMap<number, CfgNodeStatus> | undefined): readonly LinkName[] {
  return [...(links ?? [])].flatMap(([nodeId, status]) =>
    status.links.flatMap(({ enabled }, link) => (enabled ? [{ nodeId, link }] : [])),
  );
}

function asNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
