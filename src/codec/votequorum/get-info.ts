import { u32Field } from '../encodable.ts';
import { encodeRequestHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { bytesUnlessUtf8, lengthOfCString } from '../text.ts';
import { DEVICE_NAME_SIZE } from './device-name.ts';
import { NODE_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';
import { nodeState, type VotequorumNodeState } from './node-state.ts';

/** VOTEQUORUM_INFO_*. Those of the quorum device are about the node that was asked for, the others about this node. */
const FLAG_BITS: Readonly<Record<VotequorumFlag, number>> = {
  'two-node': 1,
  quorate: 2,
  'wait-for-all': 4,
  'last-man-standing': 8,
  'auto-tie-breaker': 16,
  'allow-downscale': 32,
  'qdevice-registered': 64,
  'qdevice-alive': 128,
  'qdevice-cast-vote': 256,
  'qdevice-master-wins': 512,
  'qdevice-extra-info': 1024,
};

/** What is so: two nodes, quorate, and so on, by VOTEQUORUM_INFO_*. Those of the quorum device are about the node that was asked for. */
export type VotequorumFlag =
  | 'two-node'
  | 'quorate'
  | 'wait-for-all'
  | 'last-man-standing'
  | 'auto-tie-breaker'
  | 'allow-downscale'
  | 'qdevice-registered'
  | 'qdevice-alive'
  | 'qdevice-cast-vote'
  | 'qdevice-master-wins'
  | 'qdevice-extra-info';

const FLAGS = Object.entries(FLAG_BITS) as readonly (readonly [VotequorumFlag, number])[];

/** What votequorum knows of a node (state, votes, expected votes) and of the cluster (the rest). */
export interface VotequorumInfo {
  /** The node that was asked for. */
  readonly nodeId: number;
  /** What the node is to the cluster. */
  readonly state: VotequorumNodeState;
  /** The node's votes. */
  readonly votes: number;
  /** The votes that the node expects there to be. */
  readonly expectedVotes: number;
  /** The most that any node expects, as this node sees it. */
  readonly highestExpected: number;
  /** Counts the quorum device's votes only if the node that was asked for casts them. */
  readonly totalVotes: number;
  /** The votes that make the cluster quorate. */
  readonly quorum: number;
  /** Those that hold, by name. */
  readonly flags: readonly VotequorumFlag[];
  /** All of them as they came, with those that have no name here. */
  readonly flagBits: number;
  /** The votes that the quorum device has to give, 0 without one. */
  readonly qdeviceVotes: number;
  /** Empty where no quorum device is registered on any node. */
  readonly qdeviceName: string;
  /** The name's bytes: only there if they are not valid UTF-8, and `qdeviceName` is lossy. */
  readonly qdeviceNameBytes?: Uint8Array;
}

/*
 * struct req_lib_votequorum_getinfo (24)           struct res_lib_votequorum_getinfo (320)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  i32  nodeid, 0: this node                    24  u32  nodeid
 *                                                    28  u32  state
 *                                                    32  u32  votes
 *                                                    36  u32  expected_votes
 *                                                    40  u32  highest_expected
 *                                                    44  u32  total_votes
 *                                                    48  u32  quorum
 *                                                    52  u32  flags
 *                                                    56  u32  qdevice_votes
 *                                                    60  char qdevice_name[255]
 * A failed answer is as long, with whatever was in corosync's memory.
 */
export class GetInfoRequest implements RequestMessage<VotequorumInfo> {
  readonly operation = 'votequorum_getinfo';
  readonly requestId = VOTEQUORUM_REQUEST_ID.getInfo;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.getInfo;
  readonly hints = NODE_HINTS;
  readonly size = 24;
  readonly maxResponseSize = 320;
  readonly #nodeId: number;

  constructor(nodeId: number) {
    this.#nodeId = u32Field(this.operation, 'node id', nodeId);
  }

  get key(): string {
    return `node ${this.#nodeId}`;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#nodeId);
  }

  decode(response: MessageReader): VotequorumInfo {
    const flagBits = response.u32(52);
    return {
      nodeId: response.u32(24),
      state: nodeState(response.u32(28)),
      votes: response.u32(32),
      expectedVotes: response.u32(36),
      highestExpected: response.u32(40),
      totalVotes: response.u32(44),
      quorum: response.u32(48),
      flags: FLAGS.filter(([, bit]) => (flagBits & bit) !== 0).map(([name]) => name),
      flagBits,
      qdeviceVotes: response.u32(56),
      ...decodeDeviceName(response),
    };
  }
}

function decodeDeviceName(response: MessageReader): Pick<VotequorumInfo, 'qdeviceName' | 'qdeviceNameBytes'> {
  const length = lengthOfCString(response, 60, DEVICE_NAME_SIZE);
  const qdeviceName = response.utf8(60, length);
  const qdeviceNameBytes = bytesUnlessUtf8(qdeviceName, response, 60, length);
  return qdeviceNameBytes === undefined ? { qdeviceName } : { qdeviceName, qdeviceNameBytes };
}
