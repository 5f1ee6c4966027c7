import type { VotequorumUser } from '../cluster/connector.ts';
import { confirm, type ServicesEnvironment } from '../drop-in/services.ts';
import { failing, ToolFailure } from '../drop-in/tool-failure.ts';
import type { ChangeAction, QuorumtoolOptions } from './options.ts';
import type { Services } from './services.ts';

const WITHOUT_VOTEQUORUM = {
  'set-votes': 'change node votes',
  'set-expected': 'change expected votes',
  'unregister-device': 'unregister quorum device',
} as const;

/** As the C tool, which asks nothing: also where it makes a minority quorate. */
const AS_TOLD = { evenIfInquorate: true } as const;

/** -v, -e and -f */
export async function change(
  { votequorum, nodeId }: Services,
  action: ChangeAction,
  options: QuorumtoolOptions,
  environment: ServicesEnvironment,
): Promise<number> {
  if (votequorum === undefined) {
    const what = WITHOUT_VOTEQUORUM[action.name];
    throw new ToolFailure(`You cannot ${what}, corosync is not using votequorum`);
  }
  const sure = (question: string): Promise<void> => confirm(environment, question, options.yes);
  switch (action.name) {
    case 'set-votes':
      await setVotes(votequorum, options.nodeId ?? nodeId, action.votes, sure);
      return 0;
    case 'set-expected':
      await sure(`Set the expected votes of the whole cluster to ${action.votes}?`);
      await votequorum.setExpected(action.votes, AS_TOLD).catch(failing('Unable to set expected votes'));
      return 0;
    case 'unregister-device':
      await unregisterDevice(votequorum, nodeId, sure);
      return 0;
  }
}

type Sure = (question: string) => Promise<void>;

async function setVotes(
  votequorum: VotequorumUser,
  nodeId: number,
  votes: number,
  sure: Sure,
): Promise<void> {
  await sure(`Set the votes of node ${nodeId} to ${votes}?`);
  await votequorum
    .setVotes(nodeId, votes, AS_TOLD)
    .catch(failing(`Unable to set votes ${votes} for nodeid: ${nodeId}`));
}

async function unregisterDevice(votequorum: VotequorumUser, nodeId: number, sure: Sure): Promise<void> {
  const info = await votequorum.getInfo(nodeId).catch(failing('Unable to get quorum device info'));
  if (!info.flags.includes('qdevice-registered')) return;
  await sure('Unregister the quorum device of this node?');
  await votequorum
    .qdeviceUnregister(info.qdeviceNameBytes ?? info.qdeviceName)
    .catch(failing('Unable to unregister quorum device'));
}
