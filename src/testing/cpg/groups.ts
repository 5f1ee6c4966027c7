import type { ClusterState } from '../cluster/cluster-state.ts';
import { Trackers } from '../service/trackers.ts';
import type { CpgClient } from './cpg-client.ts';
import type { GroupName } from './group-name.ts';
import {
  confchgEvent,
  deliverEvent,
  fragmentEvent,
  REASON,
  totemEvent,
  type Change,
  type FragmentParts,
} from './messages.ts';
import { isSame, ProcessList, type GroupProcess } from './process-list.ts';

/** More processes of one group, on nodes that go or come together, overrun a list in corosync's memory. */
const MOST_AT_ONCE = 128;

/** What nodes send each other about groups. */
export type GroupMessage =
  | { readonly kind: 'join' }
  | { readonly kind: 'leave'; readonly reason: number }
  | { readonly kind: 'mcast'; readonly bytes: Uint8Array }
  | { readonly kind: 'fragment'; readonly fragment: FragmentParts };

/** What clients can do to corosync. */
export interface Harm {
  /** It corrupts its memory. */
  violated(what: string): void;
  /** It ends. */
  crash(what: string): void;
}

/** The groups as this node knows them: what totem delivers changes them, and is told to this node's clients. */
export class Groups {
  readonly processes = new ProcessList();
  readonly clients = new Trackers<CpgClient>();
  readonly #state: ClusterState;
  readonly #others: ProcessList;
  readonly #harm: Harm;

  /** @param others the processes on all other nodes, seen by this one or not */
  constructor(state: ClusterState, others: ProcessList, harm: Harm) {
    this.#state = state;
    this.#others = others;
    this.#harm = harm;
    for (const process of this.#othersSeen()) this.processes.add(process);
  }

  /** A message has come from a process, or from a node about it. */
  deliver(from: GroupProcess, message: GroupMessage): void {
    if (!this.#state.members.includes(from.nodeId)) return;
    switch (message.kind) {
      case 'join':
        if (this.processes.add(from)) this.#tell(from.name, [{ ...from, reason: REASON.join }], []);
        return;
      case 'leave':
        this.#leave(from, message.reason);
        return;
      case 'mcast':
        this.#send(from, () => deliverEvent(from, message.bytes));
        return;
      case 'fragment':
        this.#send(from, () => fragmentEvent(from, message.fragment));
    }
  }

  /** corosync ends on nodes in good order: they take leave of their processes, of the last one first. */
  shutDown(nodeIds: readonly number[]): void {
    for (const process of [...this.processes.all].reverse())
      if (nodeIds.includes(process.nodeId)) this.#leave(process, REASON.processDown);
  }

  /** A ring has formed: who was on nodes that are gone has left, who is on nodes that are new has joined, and then the ring is told. */
  ringFormed(left: readonly number[]): void {
    this.#nodesDown(left);
    this.#nodesUp();
    for (const process of this.processes.all)
      if (process.nodeId !== this.#state.localNodeId && !this.#others.has(process))
        this.#leave(process, REASON.processDown);
    this.clients.tell(() => this.#totemEvent());
  }

  #nodesDown(nodeIds: readonly number[]): void {
    const down = this.processes.takeNodes(nodeIds);
    for (const processes of byText(down, ({ terminated }) => terminated)) {
      const name = processes[0]?.name;
      if (name === undefined || this.#tooMany(processes)) return;
      if (name.fillsItsField)
        this.#harm.violated('the loss of a node with a process in a group of a name of 128 bytes');
      this.#tell(
        name,
        [],
        processes.map((process) => ({ ...process, reason: REASON.nodeDown })),
      );
    }
  }

  /** Each node says who is there, and corosync goes through it backwards. */
  #nodesUp(): void {
    const up = this.#othersSeen().filter((process) => this.processes.add(process));
    let unique = 0;
    const text = (name: GroupName): string =>
      name.fillsItsField ? `${name.unterminated}${(unique += 1)}` : name.unterminated;
    for (const processes of byText(up, text)) {
      const name = processes[0]?.name;
      if (name === undefined || this.#tooMany(processes)) return;
      this.#tell(
        name,
        processes.map((process) => ({ ...process, reason: REASON.nodeUp })),
        [],
      );
    }
  }

  #tooMany(processes: readonly GroupProcess[]): boolean {
    if (processes.length <= MOST_AT_ONCE) return false;
    this.#harm.crash(`${processes.length} processes of one group on nodes that go or come together`);
    return true;
  }

  /** On nodes that are members, from the last one on. */
  #othersSeen(): GroupProcess[] {
    const { members, localNodeId } = this.#state;
    return this.#others.all
      .filter(({ nodeId }) => members.includes(nodeId) && nodeId !== localNodeId)
      .reverse();
  }

  /** It is told even of one who was not there. */
  #leave(process: GroupProcess, reason: number): void {
    this.#tell(process.name, [], [{ ...process, reason }]);
    this.processes.delete(process);
  }

  #send(from: GroupProcess, event: () => Buffer): void {
    const nodeIsKnown = this.processes.of(from.name).some(({ nodeId }) => nodeId === from.nodeId);
    if (!nodeIsKnown) return;
    const hearing = this.clients.all.filter((client) => client.hears(from.name));
    if (hearing.length === 0) return;
    const bytes = event();
    for (const { connection } of hearing) connection.send(bytes);
  }

  #tell(name: GroupName, joined: readonly Change[], left: readonly Change[]): void {
    const hasLeft = (member: GroupProcess): boolean => left.some((gone) => isSame({ ...gone, name }, member));
    const members = this.processes.of(name).filter((member) => !hasLeft(member));
    for (const { nodeId, pid } of joined)
      if (nodeId === this.#state.localNodeId)
        for (const client of this.clients.all) if (client.is(name, pid)) client.state = 'joined';
    const event = confchgEvent({ name, members, left, joined });
    for (const client of this.clients.all) {
      if (!client.hears(name)) continue;
      client.connection.send(event);
      client.changes += 1;
    }
    this.#tellTotem();
  }

  /** To those who want it and have not heard it yet, whatever group it was that has changed. */
  #tellTotem(): void {
    for (const client of this.clients.all) {
      if (!client.wantsTotem || client.totemTold) continue;
      client.totemTold = true;
      client.connection.send(this.#totemEvent());
    }
  }

  #totemEvent(): Buffer {
    return totemEvent(this.#state.ringId, this.#state.members);
  }
}

/** Together what has the same text, in the order of the texts. */
function byText(processes: readonly GroupProcess[], textOf: (name: GroupName) => string): GroupProcess[][] {
  const groups = new Map<string, GroupProcess[]>();
  for (const process of processes) {
    const text = textOf(process.name);
    groups.set(text, [...(groups.get(text) ?? []), process]);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}
