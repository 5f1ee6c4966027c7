import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileC } from '../corosync/compile-c.ts';
import { parseHistory, type OrderHistory } from './order-history.ts';
import type { OrderTask } from './order-member-main.ts';
import { processState } from './process-state.ts';

/** Of a member that is to end by itself. */
const PATIENCE_MS = 5000;
/** `'listener'` and `'loop'` are ours. */
export type OrderProgram = 'listener' | 'loop' | 'libcpg';

export interface OrderMemberOptions {
  readonly name: string;
  readonly program: OrderProgram;
  /** Our members' program. */
  readonly bundle: string;
  readonly nodeId: number;
  /** The command that runs another one on its node. */
  readonly inside: readonly string[];
  readonly directory: string;
  readonly group: string;
  readonly seed: number;
  /** Bytes of the largest messages. */
  readonly largest: number;
}

/** A member of the group in a process of its own, which sends and writes down what it is told until it is ended. */
export class OrderMember {
  readonly program: OrderProgram;
  readonly nodeId: number;
  readonly #name: string;
  readonly #history: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** What it has said last: how far it has come. */
  #said = 'started';

  constructor(options: OrderMemberOptions) {
    const { name, program, nodeId, directory, inside } = options;
    this.program = program;
    this.nodeId = nodeId;
    this.#name = `${name} (${program} on node ${nodeId})`;
    this.#history = join(directory, name);
    const [command = '', ...args] = [...inside, ...commandLine(options, this.#history)];
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdin?.on('error', () => undefined); // it has been killed
    this.#exited = once(this.#process, 'exit');
    if (this.#process.stdout !== null)
      createInterface(this.#process.stdout).on('line', (line) => (this.#said = line));
  }

  /** Whether it takes part: it has joined, and not ended. */
  get takesPart(): boolean {
    return this.#hasJoined && this.isAlive;
  }

  get #hasJoined(): boolean {
    return this.#said === 'joined';
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What ends it in good order. */
  end(how: 'leave' | 'close'): void {
    this.#process.stdin?.write(`${how}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** For people: how far it has come, and whether its process gets on. */
  toString(): string {
    const { pid = 0 } = this.#process;
    return `${this.#name}, ${this.#said}, ${this.isAlive ? processState(pid) : 'ended'}`;
  }

  async exited(): Promise<void> {
    await this.#exited;
  }

  /** Corosync has gone, and the member with it; unless it waits for the next one. */
  async lostCorosync(): Promise<void> {
    this.kill(this.#hasJoined ? 'SIGCONT' : 'SIGKILL');
    const force = setTimeout(() => this.kill('SIGKILL'), PATIENCE_MS);
    await this.#exited;
    clearTimeout(force);
  }

  /** Undefined if it was never heard of. */
  history(): OrderHistory | undefined {
    try {
      const member = `${this.nodeId}:${this.#process.pid ?? 0}`;
      return parseHistory(this.#name, member, readFileSync(this.#history, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function commandLine(options: OrderMemberOptions, history: string): string[] {
  const { program, bundle, group, seed, largest } = options;
  if (program === 'libcpg')
    return [compileC('cpg-order-member'), history, group, String(seed), String(largest)];
  const task: OrderTask = { history, group, seed, largest, listens: program === 'listener' };
  return [process.execPath, bundle, JSON.stringify(task)];
}
