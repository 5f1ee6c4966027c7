import type { QuorumRingId, VotequorumFlag, VotequorumInfo } from '../../index.ts';
import { ringText } from '../cluster/ring-text.ts';
import { fromBytes, fromText, type ByteString } from '../drop-in/bytes.ts';
import { ctime } from '../drop-in/libc/ctime.ts';
import type { Member } from './membership.ts';
import type { DisplayOptions } from './options.ts';

/** What the first part of the status tells. */
export interface QuorumStatus {
  readonly time: Date;
  readonly provider: ByteString | undefined;
  readonly nodes: number;
  readonly nodeId: number;
  readonly ringId: QuorumRingId;
  readonly quorate: boolean;
}

export function quorumText(status: QuorumStatus, options: DisplayOptions): ByteString {
  return titled('Quorum information', '------------------', [
    `Date:             ${ctime(status.time)}`,
    `Quorum provider:  ${status.provider ?? 'Not configured'}\n`,
    `Nodes:            ${status.nodes}\n`,
    `Node ID:          ${options.hexadecimal ? hexadecimal(status.nodeId) : status.nodeId}\n`,
    `Ring ID:          ${ringText(status.ringId)}\n`,
    `Quorate:          ${status.quorate ? 'Yes' : 'No'}\n`,
  ]);
}

const FLAG_WORDS: readonly (readonly [VotequorumFlag, string])[] = [
  ['two-node', '2Node '],
  ['quorate', 'Quorate '],
  ['wait-for-all', 'WaitForAll '],
  ['last-man-standing', 'LastManStanding '],
  ['auto-tie-breaker', 'AutoTieBreaker '],
  ['allow-downscale', 'AllowDownscale '],
  ['qdevice-registered', 'Qdevice '],
];

export function votequorumText(info: VotequorumInfo): ByteString {
  const flags = FLAG_WORDS.filter(([flag]) => info.flags.includes(flag)).map(([, word]) => word);
  const blocked = info.flags.includes('quorate') ? ' ' : 'Activity blocked';
  return titled('\nVotequorum information', '----------------------', [
    `Expected votes:   ${signed(info.expectedVotes)}\n`,
    `Highest expected: ${signed(info.highestExpected)}\n`,
    `Total votes:      ${signed(info.totalVotes)}\n`,
    `Quorum:           ${signed(info.quorum)} ${blocked}\n`,
    `Flags:            ${flags.join('')}\n`,
  ]);
}

/** @param votes whether there are any: votequorum is the provider */
export function membershipText(
  members: readonly Member[],
  { hexadecimal: hex, parsable }: DisplayOptions,
  votes: boolean,
): ByteString {
  const device = members.find(({ info }) => hasDevice(info))?.info;
  const columns = { hex, votes, device: device !== undefined || parsable };
  const heads = ['Nodeid', ...(votes ? ['Votes'] : []), ...(votes && columns.device ? ['Qdevice'] : [])];
  return titled('\nMembership information', '----------------------', [
    `${heads.map(cell).join('')}Name\n`,
    ...members.map((member) => row(member, columns)),
    ...(device === undefined ? [] : [deviceRow(device, members, hex)]),
  ]);
}

interface Columns {
  readonly hex: boolean;
  readonly votes: boolean;
  readonly device: boolean;
}

function row({ nodeId, name, local, info }: Member, columns: Columns): ByteString {
  const cells = [nodeCell(nodeId, columns.hex)];
  if (columns.votes) cells.push(cell(info?.votes ?? 0));
  if (columns.votes && columns.device) cells.push(cell(deviceState(info)));
  return `${cells.join('')}${name}${local ? ' (local)' : ''}\n`;
}

function deviceState(info: VotequorumInfo | undefined): string {
  if (info === undefined || !hasDevice(info)) return 'NR';
  const has = (flag: VotequorumFlag, word: string): string => (info.flags.includes(flag) ? word : `N${word}`);
  return [has('qdevice-alive', 'A'), has('qdevice-cast-vote', 'V'), has('qdevice-master-wins', 'MW')].join();
}

/** The votes of the device count where it casts them for this node. */
function deviceRow(device: VotequorumInfo, members: readonly Member[], hex: boolean): ByteString {
  const casts = members.find(({ local }) => local)?.info?.flags.includes('qdevice-cast-vote') === true;
  const votes = signed(device.qdeviceVotes);
  const name =
    device.qdeviceNameBytes === undefined ? fromText(device.qdeviceName) : fromBytes(device.qdeviceNameBytes);
  const cells = nodeCell(0, hex) + cell(casts ? device.qdeviceVotes : 0);
  return `${cells}           ${name}${casts ? '' : ` (votes ${votes})`}\n`;
}

function hasDevice(info: VotequorumInfo | undefined): boolean {
  return info?.flags.includes('qdevice-registered') === true;
}

function titled(title: string, line: string, lines: readonly ByteString[]): ByteString {
  return `${title}\n${line}\n${lines.join('')}`;
}

function nodeCell(nodeId: number, hex: boolean): string {
  return hex ? `${hexadecimal(nodeId)} ` : cell(nodeId);
}

function cell(content: string | number): string {
  return `${String(content).padStart(10)} `;
}

function hexadecimal(nodeId: number): string {
  return `0x${nodeId.toString(16).padStart(8, '0')}`;
}

/** printf("%d") of an unsigned number */
function signed(value: number): number {
  return value | 0;
}
