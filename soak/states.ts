import {
  CfgClient,
  CpgClient,
  QuorumClient,
  VotequorumClient,
  type CpgAddress,
  type QuorumState,
  type VotequorumState,
} from '../src/index.ts';
import type { NamedPicture, Picture } from './protocol.ts';

/** What is compared of quorum, votequorum and cfg, beside the map. */
export const STATES = ['quorum', 'votequorum', 'cfg'] as const;
type StateName = (typeof STATES)[number];

/** A state as lines, one for each of its fields. */
function linesOf(state: object): Picture {
  const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
  return Object.entries(state)
    .map(([name, value]) => `${name} ${JSON.stringify(value, text)}`)
    .sort();
}

export function quorumPicture({ quorate, members, ringId }: QuorumState): Picture {
  return linesOf({ quorate, members, ringId });
}

export function votesPicture({ local, nodes }: Pick<VotequorumState, 'local' | 'nodes'>): Picture {
  return linesOf({ local, nodes });
}

export async function linksPicture(
  cfg: Pick<CfgClient, 'localNodeId' | 'ringStatus' | 'nodeAddresses'>,
): Promise<Picture> {
  const nodeId = await cfg.localNodeId();
  const links = await cfg.ringStatus();
  return linesOf({ nodeId, links, addresses: await cfg.nodeAddresses() });
}

export const SOAK_GROUP = 'soak';

export function membersPicture(members: readonly CpgAddress[]): Picture {
  return members.map(({ nodeId, pid }) => `${nodeId}:${pid}`).sort();
}

/** Of the members of the soak's group, as a client reads them that has just connected. */
export async function freshMembers(): Promise<NamedPicture> {
  await using client = await CpgClient.connect({ access: 'read' });
  return { prefix: 'cpg', picture: membersPicture(await client.members(SOAK_GROUP)) };
}

/** What a client reads that has just connected. */
export async function freshPicture(prefix: StateName): Promise<NamedPicture> {
  const picture = { quorum: freshQuorum, votequorum: freshVotes, cfg: freshLinks };
  return { prefix, picture: await picture[prefix]() };
}

async function freshQuorum(): Promise<Picture> {
  await using client = await QuorumClient.connect();
  const quorate = await client.getQuorate();
  for await (const event of await client.track())
    if (event.kind === 'nodelist') return quorumPicture({ ...event, quorate });
  throw new Error('there is no nodelist');
}

async function freshVotes(): Promise<Picture> {
  await using client = await VotequorumClient.connect({ access: 'read' });
  const local = await client.getInfo();
  return votesPicture({ local, nodes: [await client.getInfo(local.nodeId)] });
}

async function freshLinks(): Promise<Picture> {
  await using client = await CfgClient.connect({ access: 'read' });
  return await linksPicture(client);
}
