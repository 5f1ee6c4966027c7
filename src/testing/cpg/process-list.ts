import type { GroupName } from './group-name.ts';

/** A process in a group: the pid is what it said when it joined. */
export interface GroupProcess {
  readonly nodeId: number;
  readonly pid: number;
  readonly name: GroupName;
}

/** Processes in groups, by node and pid. */
export class ProcessList {
  #processes: GroupProcess[] = [];

  get all(): readonly GroupProcess[] {
    return this.#processes;
  }

  of(name: GroupName): GroupProcess[] {
    return this.#processes.filter((process) => process.name.same(name));
  }

  has(process: GroupProcess): boolean {
    return this.#processes.some((other) => isSame(other, process));
  }

  /** False: it is there already. */
  add(process: GroupProcess): boolean {
    if (this.has(process)) return false;
    const next = this.#processes.findIndex((other) => isBehind(other, process));
    this.#processes.splice(next === -1 ? this.#processes.length : next, 0, process);
    return true;
  }

  /** False: it was not there. */
  delete(process: GroupProcess): boolean {
    const there = this.has(process);
    this.#processes = this.#processes.filter((other) => !isSame(other, process));
    return there;
  }

  /** Takes out those on these nodes. */
  takeNodes(nodeIds: readonly number[]): GroupProcess[] {
    const taken = this.#processes.filter(({ nodeId }) => nodeIds.includes(nodeId));
    this.#processes = this.#processes.filter((process) => !taken.includes(process));
    return taken;
  }
}

export function isSame(one: GroupProcess, other: GroupProcess): boolean {
  return one.nodeId === other.nodeId && one.pid === other.pid && one.name.same(other.name);
}

function isBehind(one: GroupProcess, other: GroupProcess): boolean {
  return one.nodeId > other.nodeId || (one.nodeId === other.nodeId && one.pid > other.pid);
}
