import type { CmapValue } from '../../codec/cmap/value.ts';
import type { CallOptions } from '../../options/call-options.ts';
import type { ReadOnlyCmapClient } from '../../cmap/index.ts';
import { unless } from '../unless.ts';
import {
  connectionOfName,
  enteredKey,
  FIRST_MISS_KEY,
  IPC_GLOBAL,
  IPC_NAMES,
  IPC_PREFIX,
  LATENCY_NAMES,
  linkPrefix,
  missKeys,
  MOST_MISSES,
  SILENCE_KEY,
  TELLING_KEYS,
  TOTEM_FIGURES,
  TOTEM_STATES,
  TRAFFIC_NAMES,
} from './keys.ts';

/** A link by its node and number. */
export interface LinkName {
  readonly nodeId: number;
  readonly link: number;
}

const TOTEM_KEYS = [SILENCE_KEY, ...Object.values(TOTEM_FIGURES), ...TOTEM_STATES.map(enteredKey)];
/** Asked for together: so nothing that is urgent waits long behind them. */
const AT_ONCE = 64;

/** What moves all the time: it is no reason to tell of a new state. */
export async function readFigures(
  stats: ReadOnlyCmapClient,
  links: readonly LinkName[],
  options: CallOptions,
): Promise<ReadonlyMap<string, CmapValue>> {
  const ofLinks = links.flatMap(({ nodeId, link }) =>
    [...LATENCY_NAMES, ...TRAFFIC_NAMES].map((name) => linkPrefix(nodeId, link) + name),
  );
  const ofIpc = await ipcKeys(stats, options);
  return readKeys(stats, [...TOTEM_KEYS, ...ofIpc, ...ofLinks], options);
}

/** How long the token has been away, in milliseconds; `undefined`: corosync does not measure it. */
export async function readSilence(
  stats: ReadOnlyCmapClient,
  options: CallOptions,
): Promise<number | undefined> {
  const value = await unless(['CS_ERR_NOT_EXIST'], stats.get(SILENCE_KEY, options));
  const ms = Number(value?.value);
  return Number.isFinite(ms) ? ms : undefined;
}

/** The values of those keys that are there. */
export async function readKeys(
  client: ReadOnlyCmapClient,
  keys: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, CmapValue>> {
  const values = new Map<string, CmapValue>();
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const reading = keys.slice(from, from + AT_ONCE).map(async (key) => {
      const value = await unless(['CS_ERR_NOT_EXIST'], client.get(key, options));
      if (value !== undefined) values.set(key, value);
    });
    await Promise.all(reading);
  }
  return values;
}

/** Of each connection only what is shown. */
async function ipcKeys(stats: ReadOnlyCmapClient, options: CallOptions): Promise<readonly string[]> {
  const keys: string[] = Object.values(IPC_GLOBAL);
  for await (const { key } of stats.keys(IPC_PREFIX, options)) {
    const connection = connectionOfName(key);
    if (connection !== undefined) keys.push(...IPC_NAMES.map((name) => connection + name));
  }
  return keys;
}

/** What tells that something has happened, the misses together: they move up with each new one. */
export async function readTelling(
  stats: ReadOnlyCmapClient,
  more: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, CmapValue>> {
  const telling = await readKeys(stats, [...TELLING_KEYS, ...more], options);
  if (!telling.has(FIRST_MISS_KEY)) return telling;
  const misses = Array.from({ length: MOST_MISSES }, (_, index) => Object.values(missKeys(index))).flat();
  return new Map([...telling, ...(await readKeys(stats, misses, options))]);
}
