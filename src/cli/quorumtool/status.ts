import type { QuorumRingId, QuorumTrackEvent } from '../../index.ts';
import type { QuorumReader, VotequorumReader } from '../cluster/connector.ts';
import type { ServicesEnvironment } from '../drop-in/services.ts';
import { errorText, failing, ToolFailure } from '../drop-in/tool-failure.ts';
import { readMembers } from './membership.ts';
import type { DisplayOptions } from './options.ts';
import { membershipText, quorumText, votequorumText, type QuorumStatus } from './print.ts';
import type { Services } from './services.ts';

const NOT_QUORATE = 2;

type QuorumEvent = Extract<QuorumTrackEvent, { readonly kind: 'quorum' }>;

/** -s: 0 if the cluster is quorate. */
export async function showStatus(
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<number> {
  const quorate = await services.quorum.getQuorate().catch(failing('Unable to get cluster quorate status'));
  const event = await firstQuorum(services.quorum);
  checkVotequorum(services);
  await display({ ...event, quorate }, services, options, environment);
  return quorate ? 0 : NOT_QUORATE;
}

/** -l */
export async function showNodes(
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<number> {
  const { members } = await firstQuorum(services.quorum);
  await displayMembers(members, services, options, environment);
  return 0;
}

/** -m: until corosync goes away. What has been displayed goes out at once; the C tool leaves that to its buffer. */
export async function monitor(
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<number> {
  if (services.quorum.type === 'free') {
    environment.write('\nQuorum is not configured - cannot monitor\n');
    return showStatus(services, options, environment);
  }
  checkVotequorum(services);
  for await (const event of quorumEvents(services.quorum)) {
    await display(event, services, options, environment);
    environment.write('\n');
    environment.flush();
  }
  return 1;
}

/** The C tool asks votequorum in vain where there is no provider at all. */
function checkVotequorum({ provider }: Services): void {
  if (provider !== undefined) return;
  throw new ToolFailure('Unable to start votequorum status tracking: CS_ERR_BAD_HANDLE');
}

async function firstQuorum(quorum: QuorumReader): Promise<QuorumEvent> {
  for await (const event of quorumEvents(quorum)) return event;
  throw new ToolFailure('Unable to dispatch quorum status: CS_ERR_LIBRARY');
}

async function* quorumEvents(quorum: QuorumReader): AsyncGenerator<QuorumEvent, void> {
  const tracker = await quorum.track().catch(failing('Unable to start quorum status tracking'));
  try {
    for await (const event of tracker) if (event.kind === 'quorum') yield event;
  } catch (error) {
    throw new ToolFailure(`Unable to dispatch quorum status: ${errorText(error)}`);
  }
}

async function display(
  { ringId, members, quorate }: QuorumEvent,
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<void> {
  const { provider, nodeId, votequorum } = services;
  const status: QuorumStatus = {
    time: environment.now(),
    provider,
    nodes: members.length,
    nodeId,
    ringId: await shownRingId(ringId, votequorum),
    quorate,
  };
  environment.write(quorumText(status, options));
  if (votequorum === undefined) return;
  const info = await votequorum.getInfo(nodeId).catch(failing('Unable to get node info'));
  environment.write(votequorumText(info));
  await displayMembers(members, services, options, environment);
}

async function displayMembers(
  nodeIds: readonly number[],
  services: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<void> {
  const members = await readMembers(nodeIds, services, options, environment);
  environment.write(membershipText(members, options, services.votequorum !== undefined));
}

/** The C tool takes the node of the ring id from votequorum, and shows none without it; so does who is told none by an old quorum service. */
async function shownRingId(
  ringId: QuorumRingId,
  votequorum: VotequorumReader | undefined,
): Promise<QuorumRingId> {
  if (votequorum === undefined) return { ...ringId, nodeId: undefined };
  if (ringId.nodeId !== undefined) return ringId;
  const tracker = await votequorum.track().catch(failing('Unable to start votequorum status tracking'));
  for await (const event of tracker) {
    if (event.kind === 'nodelist') return { ...ringId, nodeId: event.ringId.nodeId };
  }
  return ringId;
}
