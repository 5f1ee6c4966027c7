import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
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

/** A process of another user that listens where corosync would. */
export class Impostor {
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  private constructor() {
    this.#process = spawnProgram('integration-impostor-main', { uid: IMPOSTOR_UID });
    this.#lines = createInterface(this.#process.stdout);
  }

  static async start(): Promise<Impostor> {
    const impostor = new Impostor();
    await once(impostor.#lines, 'line');
    return impostor;
  }

  /** What the next clients get; nothing and a close if it is undefined. */
  async answerWith(bytes: Uint8Array | undefined): Promise<void> {
    const ready = once(this.#lines, 'line');
    this.#process.stdin.write(`${bytes === undefined ? '-' : Buffer.from(bytes).toString('hex')}\n`);
    await ready;
  }

  async stop(): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.stdin.end();
    await closed;
  }
}
