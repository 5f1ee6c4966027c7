/** An IPv4 (4 bytes) or IPv6 address (16) as inet_ntop(3) writes it; anything else in hex. */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  if (address.length === 16) return ipv6Text(address);
  return Buffer.from(address).toString('hex');
}

interface Run {
  readonly start: number;
  readonly length: number;
}

function ipv6Text(address: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0));
  const zeros = longestZeros(words);
  if (hasIpv4Inside(words, zeros)) {
    const prefix = words[5] === 0 ? '::' : '::ffff:';
    return `${prefix}${address.subarray(12).join('.')}`;
  }
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  if (zeros.length < 2) return text(words);
  return `${text(words.slice(0, zeros.start))}::${text(words.slice(zeros.start + zeros.length))}`;
}

/** The first of the longest runs of zero words. */
function longestZeros(words: readonly number[]): Run {
  let longest: Run = { start: 0, length: 0 };
  let length = 0;
  for (const [index, word] of words.entries()) {
    length = word === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  }
  return longest;
}

/** ::a.b.c.d and ::ffff:a.b.c.d */
function hasIpv4Inside(words: readonly number[], { start, length }: Run): boolean {
  return start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
}
