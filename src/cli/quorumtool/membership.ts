import type { VotequorumInfo } from '../../index.ts';
import type { VotequorumReader } from '../cluster/connector.ts';
import type { ByteString } from '../drop-in/bytes.ts';
import type { ServicesEnvironment } from '../drop-in/services.ts';
import { nodeNames } from './node-names.ts';
import type { DisplayOptions, NodeOrder } from './options.ts';
import type { Services } from './services.ts';

/** A row of the table of members. */
export interface Member {
  readonly nodeId: number;
  readonly name: ByteString;
  readonly local: boolean;
  /** `undefined` where corosync does not tell it, or there is no votequorum. */
  readonly info: VotequorumInfo | undefined;
}

/** What is known of each member, in the order that is asked for. */
export async function readMembers(
  nodeIds: readonly number[],
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<readonly Member[]> {
  const [infos, names] = await Promise.all([
    readInfos(nodeIds, services.votequorum, environment),
    nodeNames(nodeIds, services, options, environment),
  ]);
  const members = nodeIds.map((nodeId, index) => ({
    nodeId,
    name: names[index] ?? '',
    local: nodeId === services.nodeId,
    info: infos[index],
  }));
  return inOrder(members, options.order);
}

async function readInfos(
  nodeIds: readonly number[],
  votequorum: VotequorumReader | undefined,
  environment: ServicesEnvironment,
): Promise<readonly (VotequorumInfo | undefined)[]> {
  if (votequorum === undefined) return [];
  const results = await Promise.allSettled(nodeIds.map((nodeId) => votequorum.getInfo(nodeId)));
  return results.map((result, index) => {
    if (result.status === 'fulfilled') return result.value;
    environment.write(`Unable to get node ${nodeIds[index] ?? 0} info\n`);
    return undefined;
  });
}

/** The C tool compares ids as signed numbers. */
function inOrder(members: readonly Member[], order: NodeOrder): readonly Member[] {
  switch (order) {
    case 'membership':
      return members;
    case 'node-id':
      return [...members].sort((one, other) => (one.nodeId | 0) - (other.nodeId | 0));
    case 'name':
      return [...members].sort((one, other) => compare(one.name, other.name));
  }
}

function compare(one: ByteString, other: ByteString): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
