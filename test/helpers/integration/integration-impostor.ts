import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { abstractSocketPath } from '../../../src/ipc/socket-address.ts';
import { spawnProgram, type ChildProcess } from './integration-child.ts';

/** Who may take the name `@cmap` while corosync is down: anybody. */
export const IMPOSTOR_UID = 65534;

const RESPONSE_SIZE = 12328;
const PATH_MAX = 4096;

export interface Answer {
  readonly request: string;
  readonly response: string;
  readonly event: string;
  readonly id?: number;
  readonly error?: number;
  readonly connectionType?: number;
  readonly maxMessageSize?: number;
}

/** A connection response as libqb would send it. */
export function connectionResponse(answer: Answer): Buffer {
  const bytes = Buffer.alloc(RESPONSE_SIZE);
  bytes.writeInt32LE(answer.id ?? -1, 0);
  bytes.writeInt32LE(RESPONSE_SIZE, 8);
  bytes.writeInt32LE(answer.error ?? 0, 16);
  bytes.writeInt32LE(answer.connectionType ?? 1, 24);
  bytes.writeUInt32LE(answer.maxMessageSize ?? 65536, 28);
  for (const [index, path] of [answer.request, answer.response, answer.event].entries()) {
    bytes.write(path, 40 + index * PATH_MAX, PATH_MAX - 1);
  }
  return bytes;
}

/** Paths of ring files in a directory, by libqb's names. */
export function ringsIn(directory: string): Answer {
  const path = (channel: string): string => `${directory}/qb-${channel}-cmap`;
  return { request: path('request'), response: path('response'), event: path('event') };
}

/** Names for datagram sockets, and of the file with their counters. */
export function datagramsIn(directory: string): Answer {
  return {
    connectionType: 0,
    request: `${directory}/qb-control-cmap`,
    response: `${directory}/qb-cmap`,
    event: '',
  };
}

/** What a client gets, once it has asked: nothing and a close if it is undefined. */
export type Answering = () => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** A process of another user that listens where corosync would. */
export class Impostor {
  /** Called for each client: what is done here is done after it has asked. */
  answer: Answering = () => undefined;
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  private constructor(path: string) {
    this.#process = spawnProgram('integration-impostor-main', { uid: IMPOSTOR_UID, path });
    this.#lines = createInterface(this.#process.stdout);
  }

  /** @param path of its socket. Default: corosync's abstract name */
  static async start(path: string = abstractSocketPath('cmap')): Promise<Impostor> {
    const impostor = new Impostor(path);
    await once(impostor.#lines, 'line');
    impostor.#lines.on('line', () => void impostor.#answerNext());
    return impostor;
  }

  /** Closes its connections, as a process that dies. */
  hangUp(): void {
    this.#process.stdin.write('end\n');
  }

  async #answerNext(): Promise<void> {
    const bytes = await this.answer();
    this.#process.stdin.write(`${bytes === undefined ? '-' : Buffer.from(bytes).toString('hex')}\n`);
  }

  async stop(): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.stdin.end();
    await closed;
  }
}
