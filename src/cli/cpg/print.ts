import { escapeControls } from '../../errors/index.ts';
import type { CpgEvent } from '../../index.ts';
import { ringText } from '../cluster/ring-text.ts';
import { jsonLine, toBase64 } from '../printing/json.ts';
import { escapeBytes } from '../printing/text.ts';

interface Process {
  readonly nodeId: number;
  readonly pid: number;
}

interface Change extends Process {
  readonly reason: string | number;
}

/** An event of a group on one line, safe to show on a terminal. */
export function groupEventText(event: CpgEvent, time: Date): string {
  return `${time.toISOString()} ${describe(event)}\n`;
}

/** The same as an object. */
export function groupEventLine(event: CpgEvent, at: Date): string {
  const time = at.toISOString();
  switch (event.kind) {
    case 'message': {
      const { nodeId, pid } = event.from;
      return jsonLine({ event: 'message', node: nodeId, pid, ...bytesFields(event.message), time });
    }
    case 'membership': {
      const joined = event.joined.map((change) => ({ ...processFields(change), reason: change.reason }));
      const left = event.left.map((change) => ({ ...processFields(change), reason: change.reason }));
      return jsonLine({ event: 'membership', joined, left, members: event.members.map(processFields), time });
    }
    case 'ring':
      return jsonLine({ event: 'ring', ring: ringText(event.ring), members: event.members, time });
  }
}

/** The name of a group without loss. */
export function groupFields(named: { readonly group: string; readonly groupBytes?: Uint8Array }): object {
  const { group, groupBytes } = named;
  return groupBytes === undefined ? { group } : { group, groupBase64: toBase64(groupBytes) };
}

function describe(event: CpgEvent): string {
  switch (event.kind) {
    case 'message':
      return `${address(event.from)} ${messageText(event.message)}`;
    case 'membership': {
      const changes = [...changed('joined', event.joined), ...changed('left', event.left)];
      const members = event.members.map(address).join(' ') || 'none';
      return `${changes.join(', ')}; members: ${members}`;
    }
    case 'ring':
      return `ring ${ringText(event.ring)}; nodes: ${event.members.join(' ')}`;
  }
}

function changed(what: string, changes: readonly Change[]): string[] {
  return changes.map((change) => `${what} ${address(change)} (${change.reason})`);
}

function address({ nodeId, pid }: Process): string {
  return `${nodeId}:${pid}`;
}

function processFields({ nodeId, pid }: Process): { node: number; pid: number } {
  return { node: nodeId, pid };
}

/** Text with \xNN for control characters; of what is not UTF-8, for each byte that is not printable. */
function messageText(message: Uint8Array): string {
  const text = utf8(message);
  return text === undefined ? escapeBytes(message) : escapeControls(text.replaceAll('\\', '\\\\'));
}

function bytesFields(message: Uint8Array): object {
  const text = utf8(message);
  return text === undefined ? { base64: toBase64(message) } : { text };
}

/** undefined: the bytes are not valid UTF-8. */
function utf8(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
