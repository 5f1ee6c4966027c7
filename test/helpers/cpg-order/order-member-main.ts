/**
 * A member of a group with our client that sends messages of all sizes, and writes down what it is told; cpg-order-member.c does the same on
 * libcpg. It says `connected`, then `joined`; a line on stdin, `leave` or `close`, ends it.
 */
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CpgClient, type CpgEvent } from '../../../src/index.ts';
import { Random } from '../integration/integration-random.ts';
import { makeMessage, readMessage } from './order-message.ts';

/** What a member is to do: see `OrderMember`. */
export interface OrderTask {
  readonly history: string;
  readonly group: string;
  readonly seed: number;
  readonly largest: number;
  /** Whether a listener takes the events, or a loop. */
  readonly listens: boolean;
}

/** Bytes that wait to be sent, from which on nothing is added: a member whose group stands still must not grow. */
const MOST_BUFFERED = 4 * 1024 * 1024;
const REASONS = ['none', 'join', 'leave', 'node-down', 'node-up', 'process-down'];

class Member {
  readonly #task: OrderTask;
  readonly #random: Random;
  readonly #file: number;
  #lines = '';
  #sent = 0;
  #accepted = 0;
  #ending: string | undefined;

  constructor(task: OrderTask) {
    this.#task = task;
    this.#random = new Random(task.seed);
    this.#file = fs.openSync(task.history, 'w');
  }

  async run(client: CpgClient): Promise<void> {
    const { group, listens } = this.#task;
    const listener = (event: CpgEvent): void => this.#note(event);
    await client.join(group, { initialRing: true, timeoutMs: Infinity, ...(listens ? { listener } : {}) });
    const read = listens ? Promise.resolve() : this.#read(client);
    fs.writeSync(1, 'joined\n');
    while (this.#ending === undefined) {
      this.#sendSome(client);
      await sleep(5 + this.#random.below(70));
    }
    if (this.#ending === 'leave') await client.leave({ timeoutMs: Infinity });
    else await client.close();
    await read;
    this.end(this.#ending === 'leave' ? 'left' : 'closed');
    await client.close();
  }

  /** Leaves or closes as soon as it can. Who closes already, which may take its time, is not to leave as well. */
  order(ending: string): void {
    this.#ending ??= ending;
  }

  end(how: string): void {
    this.#line(`a ${this.#accepted}\ne ${how}`);
    this.#flush();
    fs.closeSync(this.#file);
  }

  async #read(client: CpgClient): Promise<void> {
    for await (const event of client.events()) this.#note(event);
  }

  #sendSome(client: CpgClient): void {
    if (client.bufferedBytes > MOST_BUFFERED) return;
    for (let count = 1 + this.#random.below(8); count > 0; count -= 1) {
      this.#sent += 1;
      client.mcast(makeMessage(process.pid, this.#sent, this.#nextLength()), { timeoutMs: Infinity }).then(
        () => (this.#accepted += 1),
        () => undefined, // the connection is gone, and says so
      );
    }
  }

  #nextLength(): number {
    const kind = this.#random.below(400);
    if (kind === 0) return this.#task.largest - this.#random.below(100_000);
    if (kind < 6) return 20_000 + this.#random.below(180_000);
    return 12 + this.#random.below(kind < 100 ? 4000 : 200);
  }

  #note(event: CpgEvent): void {
    switch (event.kind) {
      case 'message': {
        const { nodeId, pid } = event.from;
        const { number, whole } = readMessage(pid, event.message);
        this.#line(`m ${nodeId} ${pid} ${number} ${event.message.length} ${whole ? 'whole' : 'torn'}`);
        break;
      }
      case 'membership':
        this.#line(`v ${addresses(event.members)} ${addresses(event.joined)} ${addresses(event.left)}`);
        break;
      case 'ring':
        this.#line(`r ${event.ring.nodeId}.${event.ring.seq}`);
    }
  }

  #line(line: string): void {
    if (this.#lines === '') setImmediate(() => this.#flush());
    this.#lines += `${line}\n`;
  }

  #flush(): void {
    if (this.#lines !== '') fs.writeSync(this.#file, this.#lines);
    this.#lines = '';
  }
}

function addresses(list: readonly { nodeId: number; pid: number; reason?: string | number }[]): string {
  const text = list.map(
    ({ nodeId, pid, reason }) => `${nodeId}:${pid}:${REASONS.indexOf(String(reason ?? 'none'))}`,
  );
  return text.join() || '-';
}

/** Corosync may be about to start. */
async function connect(): Promise<CpgClient> {
  for (;;) {
    try {
      return await CpgClient.connect({ timeoutMs: 10_000 });
    } catch {
      await sleep(100);
    }
  }
}

/** Corosync may be killed, but nothing else may end a connection. */
function how(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  return message.includes('corosync closed the connection or died') ? 'lost' : `broken ${message}`;
}

async function main(task: OrderTask): Promise<void> {
  const member = new Member(task);
  createInterface({ input: process.stdin }).on('line', (line) => member.order(line));
  const client = await connect();
  fs.writeSync(1, 'connected\n');
  const lost = client.whenClosed().then((error) => {
    if (error !== undefined) throw error;
  });
  try {
    await Promise.race([member.run(client), lost.then(() => new Promise<never>(() => undefined))]);
  } catch (error) {
    member.end(how(error));
  }
  process.exit(0);
}

await main(JSON.parse(process.argv[2] ?? '') as OrderTask);
