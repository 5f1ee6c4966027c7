import type { CmapValue } from '../codec/cmap/value.ts';
import { show } from '../errors/index.ts';
import { resolveCluster, type ClusterConfig, type FakeClusterOptions } from './cluster/cluster-options.ts';
import type { Fault } from './faults/fault-types.ts';
import * as rules from '../options/rules.ts';

/** Keys with their values, as an object or as pairs. */
export type FakeEntries =
  Readonly<Record<string, CmapValue>> | Iterable<readonly [key: string, value: CmapValue]>;

/** What the maps hold. */
export interface FakeContents {
  /** The configuration map, icmap. Default: nothing. With a cluster, beside its keys and instead of them. */
  readonly entries?: FakeEntries | undefined;
  /** The map of statistics. Default: nothing. */
  readonly stats?: FakeEntries | undefined;
}

/** What a fake starts with. */
export interface FakeBeginning extends FakeContents {
  /**
   * The cluster that it is a node of: then it has the services quorum, votequorum, cfg and cpg too, and the configuration map has the keys that
   * corosync keeps of them. Default: it has cmap only.
   */
  readonly cluster?: FakeClusterOptions | undefined;
}

export interface FakeCorosyncOptions extends FakeBeginning {
  /** What goes wrong from the start: see `FakeCorosync.faults`. */
  readonly faults?: Iterable<Fault> | undefined;
  /** How often corosync looks whether a tracked statistic has changed, in milliseconds (1 to 2147483647). Default 1500, as there. */
  readonly statsPollMs?: number | undefined;
  /**
   * Listens where corosync does, on the abstract socket `@cmap`, with its files in `/dev/shm`: for programs that cannot be
   * told another place. Run those in network and mount namespaces of their own. Default false: in a fresh directory.
   */
  readonly abstractSocket?: boolean | undefined;
  /**
   * How messages travel, as corosync.conf's `qb_ipc_type` says it: `'shm'` (default), shared memory, or `'socket'`, datagram
   * sockets, which takes the optional package node-unix-socket. C programs work with both, but over shared memory they see an
   * answer only when they look again, every 2 seconds: they sleep on a futex, which Node.js cannot wake.
   */
  readonly ipcType?: 'shm' | 'socket' | undefined;
  /**
   * In the names of the ring files: after `die` a client looks whether it lives before it removes them. Default ours. With another one,
   * clients in other processes refuse the fake: they see that its files are not for them.
   */
  readonly pid?: number | undefined;
}

const DEFAULTS = { statsPollMs: 1500, abstractSocket: false, ipcType: 'shm', pid: process.pid } as const;

/** What a fake starts with, its cluster with everything filled in. */
export interface Beginning extends FakeContents {
  readonly cluster?: ClusterConfig | undefined;
}

type ResolvedOptions = Omit<FakeCorosyncOptions, 'cluster'> & Beginning;

const entriesRule = rules.rule(
  'an object of keys and values, or an iterable of pairs',
  (value): value is FakeEntries => typeof value === 'object' && value !== null,
);
const CONTENTS = { entries: entriesRule, stats: entriesRule };
const clusterRule: rules.Rule<ClusterConfig> = resolveCluster;
const contentsRule = rules.object<Beginning>('restart', { ...CONTENTS, cluster: clusterRule });
const faultsRule = rules.iterable as rules.Rule<Iterable<Fault>>;
const optionsRule = rules.object<ResolvedOptions, typeof DEFAULTS>(
  'FakeCorosync.start',
  {
    ...CONTENTS,
    faults: faultsRule,
    statsPollMs: rules.integer(1, rules.INT32_MAX),
    abstractSocket: rules.boolean,
    ipcType: rules.oneOf('shm', 'socket'),
    pid: rules.integer(1, rules.INT32_MAX),
    cluster: clusterRule,
  },
  { defaults: DEFAULTS },
);

/** Options with the defaults filled in. */
export type ResolvedFakeOptions = ReturnType<typeof resolveFakeOptions>;

/** @throws RangeError: an option that does not exist, or a value that it cannot have. */
export function resolveFakeOptions(
  options: FakeCorosyncOptions,
): rules.Checked<ResolvedOptions, typeof DEFAULTS> {
  return optionsRule('options', options);
}

/** @throws RangeError, as resolveFakeOptions. */
export function resolveBeginning(contents: FakeBeginning): rules.Checked<Beginning> {
  return contentsRule('contents', contents);
}

/** A copy: what is given may change, and an iterable may have its pairs only once. */
export function pairs(entries: FakeEntries = []): (readonly [string, CmapValue])[] {
  if (!rules.isIterable(entries)) return Object.entries(entries);
  return Array.from(entries, (pair: unknown) => {
    if (Array.isArray(pair)) return [pair[0], pair[1]] as [string, CmapValue];
    throw new RangeError(`an entry is ${show(pair)}; it must be a pair of key and value`);
  });
}
