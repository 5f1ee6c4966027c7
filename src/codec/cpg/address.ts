import type { MessageReader } from '../message-reader.ts';

/** A member of a process group. */
export interface CpgAddress {
  /** The id of its node. */
  readonly nodeId: number;
  /** What it gave when it joined: its process id, or another number of 32 bits. */
  readonly pid: number;
}

/** Why a member came or went. A number is a reason that corosync does not define. */
export type CpgReason = 'join' | 'leave' | 'node-down' | 'node-up' | 'process-down' | number;

/** enum lib_cpg_confchg_reason */
const REASONS: readonly CpgReason[] = [0, 'join', 'leave', 'node-down', 'node-up', 'process-down'];

/** A member that has come or gone. */
export interface CpgChange extends CpgAddress {
  /** Why. */
  readonly reason: CpgReason;
}

/*
 * mar_cpg_address_t (24)
 *    0  u32  nodeid
 *    8  u32  pid
 *   16  u32  reason: in lists of what has changed; in others it means nothing
 */
export const ADDRESS_SIZE = 24;

export function decodeAddresses(from: MessageReader, offset: number, count: number): CpgAddress[] {
  return Array.from({ length: count }, (_, index) => decodeAddress(from, offset + ADDRESS_SIZE * index));
}

export function decodeChanges(from: MessageReader, offset: number, count: number): CpgChange[] {
  return Array.from({ length: count }, (_, index) => {
    const at = offset + ADDRESS_SIZE * index;
    const code = from.u32(at + 16);
    return { ...decodeAddress(from, at), reason: REASONS[code] ?? code };
  });
}

function decodeAddress(from: MessageReader, offset: number): CpgAddress {
  return { nodeId: from.u32(offset), pid: from.u32(offset + 8) };
}
