import fs from 'node:fs';
import { LITTLE_ENDIAN } from '../codec/byte-order.ts';
import { RING_HEADER } from '../codec/ring-layout.ts';
import { traceOfUse } from './shared-memory/new-rings.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Whether the files in a connection's directory are such as a server leaves that was killed before its client had come: of those that it
 * makes, perhaps not all, and none of them used.
 */
export function areUnused(directory: string, service: string): boolean {
  try {
    return fs.readdirSync(directory).every((name) => isUnused(`${directory}/${name}`, name, service));
  } catch {
    return false;
  }
}

function isUnused(path: string, name: string, service: string): boolean {
  const kind = kindOf(name, service);
  if (kind === undefined) return false;
  // Not even to look must a pipe be waited for.
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.nlink !== 1) return false;
    if (kind === 'data') return true; // its header tells
    const bytes = Buffer.alloc(RING_HEADER.size);
    const length = fs.readSync(fd, bytes, 0, bytes.length, 0);
    return kind === 'control' ? bytes.every((byte) => byte === 0) : isUnusedHeader(bytes, length);
  } finally {
    fs.closeSync(fd);
  }
}

/** One that is not whole yet was still being made. */
function isUnusedHeader(bytes: Buffer, length: number): boolean {
  if (length < RING_HEADER.size) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const trace = traceOfUse((offset) => view.getUint32(offset, LITTLE_ENDIAN));
  return trace === undefined;
}

function kindOf(name: string, service: string): 'header' | 'data' | 'control' | undefined {
  if (name === `qb-control-${service}`) return 'control';
  const channel = ['request', 'response', 'event'].find((word) => name.startsWith(`qb-${word}-${service}-`));
  if (channel === undefined) return undefined;
  const part = name.slice(`qb-${channel}-${service}-`.length);
  return part === 'header' || part === 'data' ? part : undefined;
}
