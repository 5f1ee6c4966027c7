import type { ServiceConnection } from '../server/service.ts';
import { GroupName } from './group-name.ts';

/** A connection to cpg, as corosync knows it. */
export class CpgClient {
  readonly connection: ServiceConnection;
  /** `'leaving'` never ends: corosync means to reset it when the leave has been ordered, and does not. */
  state: 'unjoined' | 'joining' | 'joined' | 'leaving' = 'unjoined';
  name = GroupName.NONE;
  pid = 0;
  /** It is to be told of the nodes when it has joined. */
  wantsTotem = false;
  totemTold = false;
  /** Changes of its group that it was told of. */
  changes = 0;
  /** The same when it began a message of several fragments. */
  changesAtFirst = 0;
  /** Its iterations that are not finalized. */
  readonly iterations = new Set<bigint>();

  constructor(connection: ServiceConnection) {
    this.connection = connection;
  }

  /** Whether what happens in a group comes to it. */
  hears(name: GroupName): boolean {
    return (this.state === 'joined' || this.state === 'leaving') && this.name.same(name);
  }

  is(name: GroupName, pid: number): boolean {
    return this.pid === pid && this.name.same(name);
  }
}
