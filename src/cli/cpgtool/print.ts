import { fromBytes, fromText, type ByteString } from '../drop-in/bytes.ts';
import type { CpgtoolOptions } from './options.ts';

interface Named {
  readonly group: string;
  readonly groupBytes?: Uint8Array;
}

export interface Member extends Named {
  readonly nodeId: number;
  readonly pid: number;
}

/** -n */
export function namesText(groups: readonly Named[], options: CpgtoolOptions): ByteString {
  const { delimiter } = options;
  const names = groups.map((group) => shownName(group, options) + (delimiter || '\n'));
  return names.join('') + (delimiter && '\n');
}

/** The line above the members. */
export function headline({ delimiter }: CpgtoolOptions): ByteString {
  if (delimiter !== '') return `${['GRP_NAME', 'PID', 'NODEID'].join(delimiter)}\n`;
  return `Group Name\t${column('PID')}\t${column('Node ID')}\n`;
}

/** @param addresses of each node */
export function membersText(
  members: readonly Member[],
  addresses: ReadonlyMap<number, ByteString>,
  options: CpgtoolOptions,
): ByteString {
  const { delimiter } = options;
  if (delimiter !== '')
    return members
      .map((member) => `${[shownName(member, options), member.pid, member.nodeId].join(delimiter)}\n`)
      .join('');
  let last = '';
  return members
    .map((member) => {
      const name = rawName(member);
      const above = name === last ? '' : `${shownName(member, options)}\n`; // the C tool shows no empty name that comes first
      last = name;
      const { nodeId, pid } = member;
      return `${above}\t\t${column(pid)}\t${column(nodeId)} (${addresses.get(nodeId) ?? ''})\n`;
    })
    .join('');
}

function column(text: string | number): ByteString {
  return String(text).padStart(10);
}

function rawName({ group, groupBytes }: Named): ByteString {
  return groupBytes === undefined ? fromText(group) : fromBytes(groupBytes);
}

function shownName(group: Named, { raw }: CpgtoolOptions): ByteString {
  const name = rawName(group);
  return raw ? name : name.replace(/[^ -[\]-~]/g, escaped);
}

/** A byte above 0x7f is a negative char to the C tool, which prints four of them. */
function escaped(character: string): ByteString {
  if (character === '\\') return '\\\\';
  const code = character.charCodeAt(0);
  return `\\x${code > 0x7f ? 'FFFFFF' : ''}${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
