import { decodeBoolean } from '../boolean.ts';
import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { nodeState, type VotequorumNodeState } from './node-state.ts';

/** A node as votequorum lists it. */
export interface VotequorumNode {
  /** 0 is the quorum device: it is listed if it is registered on this node, and its state means nothing. */
  readonly nodeId: number;
  /** What it is to the cluster. */
  readonly state: VotequorumNodeState;
}

/** Comes after every change of membership, and when votes have changed quorum. */
export interface VotequorumQuorumNotification {
  readonly type: 'quorum';
  /** The one of the request that began the tracking. */
  readonly context: bigint;
  readonly quorate: boolean;
  /** All that corosync has ever seen since it started, dead ones too. */
  readonly nodes: readonly VotequorumNode[];
}

/*
 * struct res_lib_votequorum_quorum_notification (48 + 8 a node)
 *    0  struct qb_ipc_response_header  id quorumNotification
 *   24  u32  quorate
 *   32  u64  context
 *   40  u32  node_list_entries
 *   48  struct votequorum_node  node_list[]: u32 nodeid, u32 state
 */
export function decodeQuorumNotification(event: MessageReader): VotequorumQuorumNotification {
  const count = event.u32(40);
  expectSize(event, 48 + 8 * count);
  return {
    type: 'quorum',
    context: event.u64(32),
    quorate: decodeBoolean(event, 24),
    nodes: Array.from({ length: count }, (_, index) => ({
      nodeId: event.u32(48 + 8 * index),
      state: nodeState(event.u32(52 + 8 * index)),
    })),
  };
}
