import type { RingId } from '../codec/ring-id.ts';
import {
  QdeviceGetExtraInfoRequest,
  QdeviceSetExtraInfoRequest,
} from '../codec/votequorum/qdevice-extra-info.ts';
import { QdeviceMasterWinsRequest } from '../codec/votequorum/qdevice-master-wins.ts';
import { QdevicePollRequest } from '../codec/votequorum/qdevice-poll.ts';
import { QdeviceRegisterRequest, QdeviceUnregisterRequest } from '../codec/votequorum/qdevice-register.ts';
import { QdeviceUpdateRequest } from '../codec/votequorum/qdevice-update.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { boolean, bytes, object, textOrBytes, uint32, uint64 } from '../options/rules.ts';
import type { ServiceClient } from '../service/index.ts';

/** The name of a quorum device: 1 to 254 bytes without a NUL. */
export type VotequorumDeviceName = string | Uint8Array;

const ringIdRule = object<RingId>(
  'a ring id',
  { nodeId: uint32, seq: uint64 },
  { required: ['nodeId', 'seq'] },
);

/** The calls of a quorum device. */
export class QdeviceCalls {
  readonly #service: ServiceClient;

  constructor(service: ServiceClient) {
    this.#service = service;
  }

  /** On a connection of its own: what is sent behind it would wait, a poll too, for which corosync itself may wait. */
  async register(name: VotequorumDeviceName, options?: CallOptions): Promise<void> {
    const operation = 'votequorum_qdevice_register';
    await this.#service.submitBeside(new QdeviceRegisterRequest(nameOf(operation, name)), options);
  }

  async unregister(name: VotequorumDeviceName, options?: CallOptions): Promise<void> {
    const operation = 'votequorum_qdevice_unregister';
    await this.#service.submit(new QdeviceUnregisterRequest(nameOf(operation, name)), options);
  }

  async update(
    oldName: VotequorumDeviceName,
    newName: VotequorumDeviceName,
    options?: CallOptions,
  ): Promise<void> {
    const operation = 'votequorum_qdevice_update';
    const names = [nameOf(operation, oldName, 'oldName'), nameOf(operation, newName, 'newName')] as const;
    await this.#service.submit(new QdeviceUpdateRequest(...names), options);
  }

  async poll(
    name: VotequorumDeviceName,
    castVote: boolean,
    ringId: RingId,
    options?: CallOptions,
  ): Promise<void> {
    const operation = 'votequorum_qdevice_poll';
    const message = new QdevicePollRequest(
      nameOf(operation, name),
      checkArgument({ operation }, 'castVote', castVote, boolean),
      checkArgument({ operation }, 'ringId', ringId, ringIdRule),
    );
    await this.#service.submit(message, options);
  }

  async masterWins(name: VotequorumDeviceName, allow: boolean, options?: CallOptions): Promise<void> {
    const operation = 'votequorum_qdevice_master_wins';
    const allowed = checkArgument({ operation }, 'allow', allow, boolean);
    await this.#service.submit(new QdeviceMasterWinsRequest(nameOf(operation, name), allowed), options);
  }

  async setExtraInfo(info: Uint8Array, options?: CallOptions): Promise<void> {
    const operation = 'votequorum_set_qdevice_extra_info';
    const checked = checkArgument({ operation }, 'info', info, bytes);
    await this.#service.submit(new QdeviceSetExtraInfoRequest(checked), options);
  }

  async getExtraInfo(nodeId: number, options?: CallOptions): Promise<Uint8Array> {
    const operation = 'votequorum_get_qdevice_extra_info';
    const id = checkArgument({ operation }, 'nodeId', nodeId, uint32);
    return this.#service.submit(new QdeviceGetExtraInfoRequest(id), options);
  }
}

function nameOf(operation: string, name: unknown, argument = 'name'): VotequorumDeviceName {
  return checkArgument({ operation }, argument, name, textOrBytes);
}
