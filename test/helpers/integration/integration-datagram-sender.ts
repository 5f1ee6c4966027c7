import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawnProgram } from './integration-child.ts';

const NOBODY = 65534;

export interface ForeignDatagram {
  /** An abstract name, without its NUL. */
  readonly to: string;
  readonly hex: string;
}

/** Sends datagrams as nobody; resolves with what became of each: `sent`, or the name of the error. */
export async function sendAsNobody(...datagrams: readonly ForeignDatagram[]): Promise<string[]> {
  const sender = spawnProgram('integration-datagram-sender-main', { uid: NOBODY, datagrams });
  sender.stdin.end();
  let output = '';
  sender.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(sender, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the sender failed: ${output}`);
  return output.trim().split('\n');
}

/** What anybody can see: the names of this process's connections, without what libqb appends. */
export function datagramNames(): string[] {
  const ours = new RegExp(`@(/dev/shm/qb-\\d+-${process.pid}-\\S+/qb-\\w+)-response@*$`, 'gm');
  return [...readFileSync('/proc/net/unix', 'utf8').matchAll(ours)].map(([, name = '']) => name);
}
