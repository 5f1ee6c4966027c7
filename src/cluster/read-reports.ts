import type { CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type { VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { CallOptions } from '../options/call-options.ts';
import { downCountKey } from './figures/keys.ts';
import { readTelling } from './figures/read-figures.ts';
import type { ConfigFile } from './drift/config-file.ts';
import type { FileFinding } from './drift/drift.ts';
import type { MapCache } from './map-cache.ts';
import { MapReader } from './map-reader.ts';
import type { MembershipWatch } from './membership-watch.ts';
import { configuredNodes, seenNodes, type ConfiguredNode } from './nodelist.ts';
import { present } from './present.ts';
import type { ClusterReports } from './reports.ts';
import type { ClusterServices } from './services.ts';
import { unless } from './unless.ts';

const VOTEQUORUM = 'corosync_votequorum';

/** How the map is read, and what is done before statistics are. */
export interface ReadingHelp {
  readonly map: MapCache;
  /** @param counts keys of how often each link went down */
  follow?(counts: readonly string[]): Promise<unknown>;
  /** Absent: nobody knows where it is. */
  readonly file?: ConfigFile | undefined;
}

/** What all services have said, once. */
export interface Reports {
  readonly reports: ClusterReports;
  /** What is known of corosync.conf is as of then; absent where nothing is. */
  readonly comparedAsOf?: FileFinding['asOf'];
}

/** Asks all services once. */
export async function readReports(
  services: ClusterServices,
  watch: MembershipWatch,
  help: ReadingHelp,
  options: CallOptions,
): Promise<Reports> {
  const [map, localNodeId] = await Promise.all([
    help.map.read(services.cmap, options),
    services.cfg.localNodeId(options),
  ]);
  const reader = new MapReader(map);
  const configured = configuredNodes(reader);
  const { members = [] } = watch.report.membership;
  const known = [...new Set([...configured.keys(), ...members, localNodeId])];
  const hasVotes = reader.text('quorum.provider') === VOTEQUORUM;
  const counts = downCountKeys(configured, localNodeId);
  await help.follow?.(counts);
  const [votes, stats] = await Promise.all([
    hasVotes ? readVotes(services, [...new Set([...known, ...seenNodes(reader)])], options) : undefined,
    readTelling(services.stats, counts, options),
  ]);
  // After how often they went down: then a link that is down has not been counted yet at worst.
  const others = known.filter((id) => id !== localNodeId);
  const [links, compared] = await Promise.all([
    readLinks(services, others, options),
    readDrift(services, map, localNodeId, help, options),
  ]);
  const reports = {
    map,
    localNodeId,
    ...watch.report,
    ...present('votes', votes),
    ...present('links', links),
    stats,
    ...present('drift', compared?.drift),
    ...present('mistake', compared?.mistake),
  };
  return { reports, ...present('comparedAsOf', compared?.asOf) };
}

/** Looks at the file after the map: whoever reloads has written the file before. */
export async function readDrift(
  { cmap }: ClusterServices,
  nodes: ReadonlyMap<string, CmapValue>,
  localNodeId: number,
  { map, file }: ReadingHelp,
  options: CallOptions,
): Promise<FileFinding | undefined> {
  await file?.look();
  if (file?.isKnown !== true) {
    file?.noted();
    return undefined;
  }
  const asked = new Date();
  const compared = await map.readCompared(cmap, options);
  await file.look();
  const running = new MapReader(new Map([...nodes, ...compared]));
  const [drift, mistake] = [file.drift(running, localNodeId), file.mistake(running, localNodeId)];
  if (drift === undefined && mistake === undefined) return undefined;
  const asOf = { file: file.asOf, quorum: asked };
  return { ...present('drift', drift), ...present('mistake', mistake), asOf };
}

/** Of all links that are configured. */
function downCountKeys(nodes: ReadonlyMap<number, ConfiguredNode>, localNodeId: number): readonly string[] {
  return [...nodes.values()]
    .filter(({ id }) => id !== localNodeId)
    .flatMap(({ id, links }) => links.map((link) => downCountKey(id, link)));
}

/** Of those that votequorum has seen. */
export async function readVotes(
  services: ClusterServices,
  nodeIds: readonly number[],
  options: CallOptions,
): Promise<ReadonlyMap<number, VotequorumInfo>> {
  const votequorum = await services.votequorum();
  const infos = nodeIds.map(
    async (id) => [id, await unless(['CS_ERR_NOT_EXIST'], votequorum.getInfo(id, options))] as const,
  );
  return answered(await Promise.all(infos));
}

/** `undefined`: corosync before 3.1.0 does not know the request. */
export async function readLinks(
  { cfg }: ClusterServices,
  nodeIds: readonly number[],
  options: CallOptions,
): Promise<ReadonlyMap<number, CfgNodeStatus> | undefined> {
  const statuses = nodeIds.map(
    async (id) => [id, await unless(['CS_ERR_FAILED_OPERATION'], cfg.nodeStatus(id, options))] as const,
  );
  const all = await unless(['CS_ERR_INVALID_PARAM', 'CS_ERR_NOT_SUPPORTED'], Promise.all(statuses));
  return all === undefined ? undefined : answered(all);
}

function answered<T>(answers: readonly (readonly [number, T | undefined])[]): ReadonlyMap<number, T> {
  return new Map(answers.flatMap(([id, answer]) => (answer === undefined ? [] : [[id, answer] as const])));
}
