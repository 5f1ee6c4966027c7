import { isIPv4 } from 'node:net';

/** AF_INET, AF_INET6 */
export function addressFamily(address: string): number {
  return isIPv4(address) ? 2 : 10;
}

/** An address as inet_pton(3) reads it: 4 bytes, or 16. */
export function addressBytes(address: string): Buffer {
  return isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = withoutIpv4(address).split('::');
  const [before, after] = [words(head), words(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const bytes = Buffer.alloc(16);
  for (const [index, word] of [...before, ...Array<number>(zeros).fill(0), ...after].entries())
    bytes.writeUInt16BE(word, 2 * index);
  return bytes;
}

/** An IPv4 address at the end stands for two words. */
function withoutIpv4(address: string): string {
  return address.replace(/\d+\.\d+\.\d+\.\d+$/, (last) => {
    const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}

function words(text: string): number[] {
  return text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
}
