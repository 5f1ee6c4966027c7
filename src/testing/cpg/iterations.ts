import { Handles } from '../cmap/handles.ts';
import type { GroupName } from './group-name.ts';
import type { GroupProcess, ProcessList } from './process-list.ts';

/** cpg_iteration_type_t; any other is as all. */
const NAMES_ONLY = 1;
const ONE_GROUP = 2;

interface Iteration {
  readonly items: readonly GroupProcess[];
  /** -1: before the first one. */
  position: number;
}

/** The iterations of all clients: any of them can go on with any iteration. */
export class Iterations {
  readonly #handles = new Handles<Iteration>();

  begin(processes: ProcessList, type: number, name: GroupName): bigint {
    const found = type === ONE_GROUP ? processes.of(name) : processes.all;
    return this.#handles.add({ items: grouped(type === NAMES_ONLY ? namesOf(found) : found), position: -1 });
  }

  /** `'end'`, and after it the first one again. `undefined`: there is no such iteration. */
  next(handle: bigint): GroupProcess | 'end' | undefined {
    const iteration = this.#handles.get(handle);
    if (iteration === undefined) return undefined;
    iteration.position += 1;
    const item = iteration.items[iteration.position];
    if (item === undefined) iteration.position = -1;
    return item ?? 'end';
  }

  /** False: there is no such iteration. */
  end(handle: bigint): boolean {
    return this.#handles.delete(handle) !== undefined;
  }
}

function namesOf(processes: readonly GroupProcess[]): GroupProcess[] {
  const firsts = processes.filter(
    ({ name }, index) => processes.findIndex((other) => other.name.same(name)) === index,
  );
  return firsts.map(({ name }) => ({ name, nodeId: 0, pid: 0 }));
}

/** The group that was found last comes first. Of each, the one that was found first does, and the others follow from the last one on. */
function grouped(processes: readonly GroupProcess[]): GroupProcess[] {
  const groups = new Map<string, GroupProcess[]>();
  for (const process of processes) {
    const group = groups.get(process.name.key);
    if (group === undefined) groups.set(process.name.key, [process]);
    else group.splice(1, 0, process);
  }
  return [...groups.values()].reverse().flat();
}
