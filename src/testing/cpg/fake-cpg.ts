import type { CpgAddress } from '../../codec/cpg/address.ts';
import { MAX_ATOMIC_MESSAGE } from '../../codec/cpg/mcast.ts';
import { partCode, type CpgPart } from '../../codec/cpg/partial-mcast.ts';
import { show } from '../../errors/index.ts';
import * as rules from '../../options/rules.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { GroupName } from './group-name.ts';
import type { GroupMessage, Groups } from './groups.ts';
import { REASON } from './messages.ts';
import type { GroupProcess, ProcessList } from './process-list.ts';

/** A process in a group: its node, and the pid that it joins with. Two in one group on one node need different pids. */
export type FakeProcess = CpgAddress;

/** A fragment of a message, as any program could send it: corosync does not check what it says. */
export interface FakeFragment {
  /** `'first'`, `'continued'` or `'last'`; a number is one that corosync does not define. */
  readonly part: CpgPart | number;
  /** Bytes of the whole message, 0 to 4294967295. */
  readonly messageLength: number;
  /** At most 1,113,000. */
  readonly bytes: Uint8Array;
}

interface Current {
  readonly state: ClusterState;
  readonly cpg: { readonly groups: Groups };
}

/** Corosync carries so many at once, though libcpg sends fewer. */
const MOST_BYTES = 1_113_000;

const processRule = rules.object<FakeProcess>(
  'a process',
  { nodeId: rules.integer(1, 0xffff), pid: rules.uint32 },
  { required: ['nodeId', 'pid'] },
);
const reasonRule = rules.oneOf('leave', 'process-down');
const fragmentSizeRule = rules.integer(1, MAX_ATOMIC_MESSAGE);
const bytesRule = rules.rule(
  `a Uint8Array of at most ${MOST_BYTES} bytes`,
  (value): value is Uint8Array => value instanceof Uint8Array && value.length <= MOST_BYTES,
);
const partRule = rules.rule(
  "'first', 'continued', 'last' or an unsigned 32-bit integer",
  (value): value is CpgPart | number =>
    value === 'first' ||
    value === 'continued' ||
    value === 'last' ||
    rules.isIntegerIn(value, 0, 0xffff_ffff),
);
const fragmentRule = rules.object<FakeFragment>(
  'a fragment',
  { part: partRule, messageLength: rules.uint32, bytes: bytesRule },
  { required: ['part', 'messageLength', 'bytes'] },
);

/**
 * The process groups of a fake's cluster. The processes of its own node are its clients; those of the other nodes are here. What they do is
 * ordered behind what clients have sent, and told at once; if the fake is paused, when it goes on. On a node that is lost, processes end.
 * On one that is cut off they run on, and come back with it. A restart of the fake is nothing to them.
 * Every method throws an Error while the fake is dead.
 */
export class FakeCpg {
  readonly #current: () => Current;
  readonly #others: ProcessList;

  /** @internal Made by FakeCorosync only. */
  constructor(current: () => Current, others: ProcessList) {
    this.#current = current;
    this.#others = others;
  }

  /** The names of all groups that the fake's node knows. */
  get groups(): readonly string[] {
    return [...new Set(this.#groups.processes.all.map(({ name }) => name.text))];
  }

  /** The members of a group, as the fake's node knows them, by node id and pid. */
  members(group: string | Uint8Array): readonly FakeProcess[] {
    return this.#groups.processes.of(nameOf('members', group)).map(({ nodeId, pid }) => ({ nodeId, pid }));
  }

  /**
   * A process joins. On a node that is no member it is seen when its node is.
   * @throws RangeError: no such node, or the process has joined that group
   */
  join(group: string | Uint8Array, process: FakeProcess): void {
    const joining = this.#process('join', group, process);
    if (this.#isThere(joining)) throw new RangeError(`join: ${describe(joining)} is in the group already`);
    if (joining.nodeId !== this.#current().state.localNodeId) this.#others.add(joining);
    this.#order(joining, { kind: 'join' });
  }

  /**
   * A process leaves, or ends without a word.
   * @throws RangeError: it has not joined
   */
  leave(group: string | Uint8Array, process: FakeProcess, reason: 'leave' | 'process-down' = 'leave'): void {
    const leaving = this.#member('leave', group, process);
    const code = reasonRule('reason', reason) === 'leave' ? REASON.leave : REASON.processDown;
    this.#others.delete(leaving);
    this.#order(leaving, { kind: 'leave', reason: code });
  }

  /**
   * A member sends a message at once, of at most 1,113,000 bytes: corosync carries more than the 1,047,552 that libcpg sends.
   * @throws RangeError: it has not joined, its node is no member, or the message is too long
   */
  mcast(group: string | Uint8Array, process: FakeProcess, message: string | Uint8Array): void {
    const from = this.#sender('mcast', group, process);
    this.#order(from, { kind: 'mcast', bytes: Buffer.from(bytesRule('message', asBytes(message))) });
  }

  /**
   * A member sends a message in fragments of so many bytes (1 to 1,047,552), as libcpg does with long ones.
   * @throws RangeError as `mcast`
   */
  mcastFragments(
    group: string | Uint8Array,
    process: FakeProcess,
    message: string | Uint8Array,
    fragmentSize: number,
  ): void {
    const from = this.#sender('mcastFragments', group, process);
    const bytes = asBytes(message);
    const size = fragmentSizeRule('fragmentSize', fragmentSize);
    if (bytes.length <= size) this.mcast(group, process, bytes);
    else
      for (let at = 0; at < bytes.length; at += size) {
        const part = at === 0 ? 'first' : at + size < bytes.length ? 'continued' : 'last';
        this.#fragment(from, {
          part,
          messageLength: bytes.length,
          bytes: bytes.subarray(at, at + size),
        });
      }
  }

  /** A member sends one fragment, whatever it says. @throws RangeError as `mcast` */
  mcastFragment(group: string | Uint8Array, process: FakeProcess, fragment: FakeFragment): void {
    const from = this.#sender('mcastFragment', group, process);
    this.#fragment(from, fragmentRule('fragment', fragment));
  }

  /**
   * The token is away: what is sent is taken, and delivered to nobody until `release`. Changes of the cluster come before it. When much
   * has been sent, clients are held off, as corosync does it.
   */
  hold(): void {
    this.#current().state.totem.hold();
  }

  /** The token is back: see `hold`. */
  release(): void {
    this.#current().state.totem.release();
  }

  get #groups(): Groups {
    return this.#current().cpg.groups;
  }

  #fragment(from: GroupProcess, { part, messageLength, bytes }: FakeFragment): void {
    const fragment = { type: partCode(part), messageLength, bytes: Buffer.from(bytes) };
    this.#order(from, { kind: 'fragment', fragment });
  }

  #order(from: GroupProcess, message: GroupMessage): void {
    const groups = this.#groups;
    this.#current().state.order(() => groups.deliver(from, message));
  }

  #isThere(process: GroupProcess): boolean {
    return this.#others.has(process) || this.#groups.processes.has(process);
  }

  #process(operation: string, group: string | Uint8Array, process: FakeProcess): GroupProcess {
    const { nodeId, pid } = processRule('process', process);
    const { state } = this.#current();
    if (state.node(nodeId) === undefined) {
      const known = state.config.nodes.map(({ id }) => id).join(', ');
      throw new RangeError(`${operation}: there is no node ${nodeId} in the nodelist, which has ${known}`);
    }
    return { nodeId, pid, name: nameOf(operation, group) };
  }

  #member(operation: string, group: string | Uint8Array, process: FakeProcess): GroupProcess {
    const member = this.#process(operation, group, process);
    if (this.#isThere(member)) return member;
    throw new RangeError(`${operation}: ${describe(member)} has not joined the group`);
  }

  #sender(operation: string, group: string | Uint8Array, process: FakeProcess): GroupProcess {
    const sender = this.#member(operation, group, process);
    if (this.#current().state.members.includes(sender.nodeId)) return sender;
    throw new RangeError(`${operation}: node ${sender.nodeId} is no member: nobody here would hear it`);
  }
}

function nameOf(operation: string, group: string | Uint8Array): GroupName {
  const bytes = asBytes(rules.textOrBytes('group', group));
  if (bytes.length <= 128) return GroupName.of(bytes);
  throw new RangeError(`${operation}: the name of the group has ${bytes.length} bytes, more than 128`);
}

function asBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function describe({ nodeId, pid, name }: GroupProcess): string {
  return `pid ${pid} of node ${nodeId}, group ${show(name.text)},`;
}
