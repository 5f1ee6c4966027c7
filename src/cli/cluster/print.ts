import { escapeControls } from '../../errors/index.ts';
import type { QuorumFollowEvent, QuorumState, VotequorumInfo } from '../../index.ts';
import { jsonLine } from '../printing/json.ts';
import type { QuorumPicture } from './read-quorum.ts';
import { ringText } from './ring-text.ts';

const LABEL_WIDTH = 10;

/** One fact a line. */
export function quorumText({ quorate, nodeId, members, ringId, votes }: QuorumPicture): string {
  const facts: readonly (readonly [string, string])[] = [
    ['quorate', quorate ? 'yes' : 'no'],
    ['node', String(nodeId)],
    ['members', members.join(' ')],
    ['ring', ringText(ringId)],
    ...(votes === undefined ? [] : votesFacts(votes)),
  ];
  return facts.map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}${value}\n`).join('');
}

function votesFacts(info: VotequorumInfo): (readonly [string, string])[] {
  const { totalVotes, expectedVotes, quorum } = info;
  const flags = info.flags.filter((flag) => flag !== 'quorate' && !flag.startsWith('qdevice-'));
  const device = deviceOf(info);
  return [
    ['votes', `${totalVotes} of ${expectedVotes}; quorum is ${quorum}`],
    ...(flags.length === 0 ? [] : [['flags', flags.join(' ')] as const]),
    ...(device === null ? [] : [['device', deviceText(device)] as const]),
  ];
}

interface Device {
  readonly name: string;
  readonly votes: number;
  readonly alive: boolean;
  readonly castsVote: boolean;
  readonly masterWins: boolean;
}

function deviceOf({ flags, qdeviceName, qdeviceVotes }: VotequorumInfo): Device | null {
  if (!flags.includes('qdevice-registered')) return null;
  return {
    name: qdeviceName,
    votes: qdeviceVotes,
    alive: flags.includes('qdevice-alive'),
    castsVote: flags.includes('qdevice-cast-vote'),
    masterWins: flags.includes('qdevice-master-wins'),
  };
}

function deviceText({ name, votes, alive, castsVote, masterWins }: Device): string {
  const states = [
    alive ? 'alive' : 'not alive',
    castsVote ? `gives its votes: ${votes}` : `does not give its votes: ${votes}`,
    ...(masterWins ? ['master wins'] : []),
  ];
  return `${escapeControls(name)}; ${states.join('; ')}`;
}

export function quorumLine({ quorate, nodeId, members, ringId, votes }: QuorumPicture): string {
  const told =
    votes === undefined
      ? { votes: null, flags: [], device: null }
      : {
          votes: {
            expected: votes.expectedVotes,
            highestExpected: votes.highestExpected,
            total: votes.totalVotes,
            quorum: votes.quorum,
          },
          flags: votes.flags,
          device: deviceOf(votes),
        };
  return jsonLine({ quorate, node: nodeId, members, ring: ringText(ringId), ...told });
}

/** One line for what a follower of quorum tells. */
export function watchText(event: QuorumFollowEvent, time: Date): string {
  return `${time.toISOString()} ${describe(event)}\n`;
}

function describe(event: QuorumFollowEvent): string {
  switch (event.kind) {
    case 'snapshot':
      return `is ${stateText(event.state)}`;
    case 'change':
      if (event.event.kind === 'quorum') return `is ${stateText(event.state)}`;
      return `joined ${list(event.event.joined)}, left ${list(event.event.left)}; members ${list(event.state.members)}`;
    case 'lost':
      return 'lost: corosync is gone; nothing is heard until resynced';
    case 'resynced':
      return `resynced: ${event.changed ? 'now' : 'still'} ${stateText(event.state)}`;
    case 'overflow':
      return `overflow: ${event.dropped} changes are not told one by one; ${event.state === undefined ? 'nothing is known' : `now ${stateText(event.state)}`}`;
  }
}

function stateText({ quorate, members, ringId }: QuorumState): string {
  return `${quorate ? 'quorate' : 'NOT quorate'}; members ${list(members)}; ring ${ringText(ringId)}`;
}

function list(nodeIds: readonly number[]): string {
  return nodeIds.length === 0 ? '-' : nodeIds.join(' ');
}

export function watchLine(event: QuorumFollowEvent, at: Date): string {
  const time = at.toISOString();
  switch (event.kind) {
    case 'snapshot':
      return jsonLine({ event: 'snapshot', ...jsonState(event.state), time });
    case 'change': {
      const { kind } = event.event;
      const nodes = kind === 'nodelist' ? { joined: event.event.joined, left: event.event.left } : {};
      return jsonLine({ event: kind, ...nodes, ...jsonState(event.state), time });
    }
    case 'lost':
      return jsonLine({ event: 'lost', code: event.error.code, message: event.error.message, time });
    case 'resynced':
      return jsonLine({ event: 'resynced', changed: event.changed, ...jsonState(event.state), time });
    case 'overflow':
      return jsonLine({ event: 'overflow', dropped: event.dropped, ...jsonState(event.state), time });
  }
}

function jsonState(state: QuorumState | undefined): object {
  if (state === undefined) return {};
  return { quorate: state.quorate, members: state.members, ring: ringText(state.ringId) };
}
