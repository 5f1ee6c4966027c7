import { usesDatagrams } from '../configuration/main-conf.ts';
import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

const QUEUE_LENGTH = '/proc/sys/net/unix/max_dgram_qlen';
/** Linux's own value. */
const USUAL = 10;

/** Where corosync is configured for datagram sockets: how many messages may be under way. */
export function checkDatagrams(surroundings: Surroundings): Remark[] {
  if (!usesDatagrams(surroundings)) return [];
  const text = surroundings.files.text(QUEUE_LENGTH)?.trim();
  if (text === undefined) return [];
  const queue = `the kernel queues ${text} datagrams for a socket (net.unix.max_dgram_qlen)`;
  if (Number(text) >= USUAL) return [ok(queue)];
  const slow = `${queue}: few requests travel together, and it is slow`;
  return [
    note('datagram-queue', slow, `as root, in this network namespace: sysctl -w net.unix.max_dgram_qlen=512`),
  ];
}
