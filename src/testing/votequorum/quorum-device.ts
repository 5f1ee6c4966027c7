import type { CsErrorName } from '../../errors/index.ts';
import type { RingId } from '../../codec/ring-id.ts';
import type { Keys } from '../cluster/keys.ts';
import type { Totem } from '../cluster/totem.ts';
import { DEVICE_SYNC_TIMEOUT_MS, DEVICE_TIMEOUT_MS } from './vote-config.ts';
import { NO_DEVICE, type DeviceFlags } from './voting-node.ts';
import type { Votes } from './votes.ts';

/** The quorum device that is registered on this node. */
export class QuorumDevice {
  /** The same on all nodes; its bytes, empty if none is registered. */
  name: Buffer = Buffer.alloc(0);
  readonly #votes: Votes;
  readonly #totem: Totem;
  readonly #keys: Keys;
  /** The registration that is under way: it answers whoever has asked for it. */
  #registering: ((error: CsErrorName) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** A change of membership waits for a poll. */
  #awaited: (() => void) | undefined;

  constructor(votes: Votes, totem: Totem, keys: Keys) {
    this.#votes = votes;
    this.#totem = totem;
    this.#keys = keys;
  }

  /** Answers at once, or `'later'` by `answer`. */
  register(name: Buffer, answer: (error: CsErrorName) => void): CsErrorName | 'later' {
    if (this.#flags.registered) return name.equals(this.name) ? 'CS_OK' : 'CS_ERR_EXIST';
    if (this.#registering !== undefined) return 'CS_ERR_TRY_AGAIN';
    this.#registering = answer;
    this.#totem.send(() => this.#registered(name));
    return 'later';
  }

  unregister(name: Buffer): CsErrorName {
    const refused = this.#refusal(name);
    if (refused !== undefined) return refused;
    clearTimeout(this.#timer);
    this.#tell(NO_DEVICE);
    this.#totem.send(() => {
      const members = this.#votes.nodes.members();
      if (!members.some(({ device }) => device.registered)) this.name = Buffer.alloc(0);
    });
    this.#goOn();
    return 'CS_OK';
  }

  update(oldName: Buffer, newName: Buffer): CsErrorName {
    const refused = this.#refusal(oldName);
    if (refused !== undefined) return refused;
    this.#totem.send(() => {
      if (oldName.equals(this.name)) this.name = newName;
    });
    return 'CS_OK';
  }

  poll(name: Buffer, castsVote: boolean, ringId: RingId): CsErrorName {
    if (!this.#flags.registered) return 'CS_ERR_NOT_EXIST';
    const { nodeId, seq } = this.#votes.ringId;
    if (ringId.nodeId !== nodeId || ringId.seq !== seq) return 'CS_ERR_MESSAGE_ERROR';
    if (!name.equals(this.name)) return 'CS_ERR_INVALID_PARAM';
    const { alive, castsVote: cast } = this.#flags;
    if (!alive || cast !== castsVote) this.#tell({ ...this.#flags, alive: true, castsVote });
    this.#expectPoll(this.#votes.config.device?.timeoutMs ?? DEVICE_TIMEOUT_MS);
    this.#goOn();
    return 'CS_OK';
  }

  masterWins(name: Buffer, allow: number): CsErrorName {
    const refused = this.#refusal(name);
    if (refused !== undefined) return refused;
    const masterWins = allow !== 0;
    if (this.#flags.masterWins !== masterWins) this.#tell({ ...this.#flags, masterWins });
    // corosync keeps 8 bits of it here.
    this.#votes.masterWins = (allow & 0xff) !== 0;
    this.#keys.setInteger('uint8', 'runtime.votequorum.qdevice_master_wins', allow & 0xff);
    return 'CS_OK';
  }

  /** Whether a change of membership waits for its poll. */
  get polls(): boolean {
    return this.#flags.registered && this.#flags.alive;
  }

  /** Lets a change of membership wait for the device's poll, if it is alive. False: it need not. */
  awaitPoll(goOn: () => void): boolean {
    this.#awaited = undefined;
    if (!this.polls) return false;
    this.#awaited = goOn;
    this.#expectPoll(this.#votes.config.device?.syncTimeoutMs ?? DEVICE_SYNC_TIMEOUT_MS);
    return true;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#awaited = undefined;
    this.#registering = undefined;
  }

  get #flags(): DeviceFlags {
    return this.#votes.us.device;
  }

  #refusal(name: Buffer): CsErrorName | undefined {
    if (!this.#flags.registered) return 'CS_ERR_NOT_EXIST';
    return name.equals(this.name) ? undefined : 'CS_ERR_INVALID_PARAM';
  }

  #registered(name: Buffer): void {
    const answer = this.#registering;
    this.#registering = undefined;
    if (this.name.length === 0) this.name = name;
    if (!name.equals(this.name)) return answer?.('CS_ERR_EXIST');
    this.#votes.us.device = { ...this.#flags, registered: true };
    const votes = this.#votes.deviceVotes;
    this.#totem.send(() => this.#votes.deviceInfo(votes, this.#votes.quorate));
    this.#tellOfUs();
    answer?.('CS_OK');
  }

  /** The flags change here at once, and everywhere when all nodes have been told. */
  #tell(flags: DeviceFlags): void {
    this.#votes.us.device = flags;
    this.#tellOfUs();
  }

  #tellOfUs(): void {
    const info = this.#votes.ownInfo;
    this.#totem.send(() => this.#votes.nodeInfo(info));
  }

  #expectPoll(withinMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#tell({ ...this.#flags, alive: false, castsVote: false });
      this.#goOn();
    }, withinMs).unref();
  }

  #goOn(): void {
    const goOn = this.#awaited;
    this.#awaited = undefined;
    // What the poll has changed is told first, as it has been sent first.
    if (goOn !== undefined) this.#totem.send(goOn);
  }
}
