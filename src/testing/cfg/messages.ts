import { CFG_RESPONSE_ID } from '../../codec/cfg/ids.ts';
import type { MessageWriter } from '../../codec/message-writer.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { FakeLink } from '../cluster/fake-link.ts';
import { response } from '../service/response.ts';
import { addressBytes, addressFamily } from './address-bytes.ts';

/*
 * Answers and events of the cfg service. The layouts stand over the classes in src/codec/cfg that decode them.
 */

/** What stands where corosync leaves whatever was in its memory. */
const GARBAGE = 0xa5;
const ADDRESS_SIZE = 16;
const LINK_SIZE = 520;

export interface Interface {
  readonly name: string;
  readonly status: string;
}

export function ringStatusAnswer(interfaces: readonly Interface[]): Buffer {
  const writer = response(CFG_RESPONSE_ID.ringStatusGet, 10_272);
  writer.bytes.fill(GARBAGE, 32);
  writer.u32(24, interfaces.length);
  for (const [index, { name, status }] of interfaces.entries()) {
    writer.latin1(32 + 128 * index, `${name}\0`);
    writer.latin1(2080 + 512 * index, `${status}\0`);
  }
  return writer.bytes;
}

export function localAnswer(nodeId: number): Buffer {
  const writer = response(CFG_RESPONSE_ID.localGet, 32);
  writer.u32(24, nodeId);
  return writer.bytes;
}

export function addressesAnswer(addresses: readonly string[]): Buffer {
  const writer = response(CFG_RESPONSE_ID.getNodeAddrs, 32 + ADDRESS_SIZE * addresses.length);
  writer.u32(24, addressFamily(addresses[0] ?? ''));
  writer.u32(28, addresses.length);
  for (const [link, address] of addresses.entries())
    writer.copy(32 + ADDRESS_SIZE * link, addressBytes(address));
  return writer.bytes;
}

/** In it a number of addresses is left over from an earlier answer. */
export function noAddressesAnswer(error: CsErrorName): Buffer {
  const { bytes } = response(CFG_RESPONSE_ID.getNodeAddrs, 32, error);
  return bytes.fill(GARBAGE, 24);
}

export interface StatusOfLink extends FakeLink {
  readonly source: string;
  readonly destination: string;
}

export interface NodeStatus {
  readonly nodeId: number;
  readonly reachable: boolean;
  /** Those that there are, by number. */
  readonly links: readonly StatusOfLink[];
}

export function nodeStatusAnswer({ nodeId, reachable, links }: NodeStatus): Buffer {
  const writer = response(CFG_RESPONSE_ID.nodeStatusGet, 4200);
  writer.u32(24, 1);
  writer.u32(28, nodeId);
  writer.u8(32, Number(reachable));
  for (const [index, link] of links.entries()) writeLink(writer, 40 + LINK_SIZE * index, link);
  return writer.bytes;
}

export function noNodeStatusAnswer(error: CsErrorName): Buffer {
  const { bytes } = response(CFG_RESPONSE_ID.nodeStatusGet, 32, error);
  return bytes.fill(GARBAGE, 24);
}

/** @param error CS_ERR_TIMEOUT: the time to reply is over */
export function shutdownEvent(flags: number, error: 'CS_OK' | 'CS_ERR_TIMEOUT'): Buffer {
  const writer = response(CFG_RESPONSE_ID.testShutdown, 32, error);
  writer.u32(24, flags);
  return writer.bytes;
}

function writeLink(writer: MessageWriter, offset: number, link: StatusOfLink): void {
  writer.u8(offset, Number(link.enabled));
  writer.u8(offset + 1, Number(link.connected));
  writer.u32(offset + 4, link.mtu);
  writer.latin1(offset + 8, link.source);
  writer.latin1(offset + 264, link.destination);
}
