/*
 * What members send: their pid, how many-th message of theirs it is, its length (u32 each), and then the low byte of the number, as
 * often as it takes.
 */
const HEADER_BYTES = 12;

export function makeMessage(pid: number, number: number, length: number): Buffer {
  const message = Buffer.alloc(length, number & 0xff);
  message.writeUInt32LE(pid, 0);
  message.writeUInt32LE(number, 4);
  message.writeUInt32LE(length, 8);
  return message;
}

export function readMessage(pid: number, message: Uint8Array): { number: number; whole: boolean } {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length < HEADER_BYTES) return { number: 0, whole: false };
  const number = bytes.readUInt32LE(4);
  const isOurs = bytes.readUInt32LE(0) === pid && bytes.readUInt32LE(8) === bytes.length;
  return { number, whole: isOurs && makeMessage(pid, number, bytes.length).equals(bytes) };
}
