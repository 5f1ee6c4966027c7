import { spawn, type ChildProcess } from 'node:child_process';
import { escapeControls } from '../../errors/index.ts';
import type { ClusterEvent } from '../../index.ts';
import { eventLine, eventObject } from './event-json.ts';

/** Between the request to end and the end, in milliseconds. */
const GRACE_MS = 5000;
/** So many events wait at most. */
const MOST_WAITING = 1024;

export interface RunnerOptions {
  /** A program, and what it is given. No shell sees it. */
  readonly command: readonly [string, ...string[]];
  /** A run that takes longer is ended. */
  readonly timeLimitMs: number;
  /** Of those that wait, only the newest is worth a run. */
  readonly latestOnly: boolean;
  /** The environment that it adds to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly complain: (message: string) => void;
}

/** Runs a command for each event, one at a time, in the order of the events. */
export class CommandRunner {
  readonly #options: RunnerOptions;
  readonly #waiting: ClusterEvent[] = [];
  #running: ChildProcess | undefined;
  #idle: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  run(event: ClusterEvent): void {
    if (this.#closed) return;
    if (this.#options.latestOnly) this.#waiting.length = 0;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) {
      const dropped = this.#waiting.shift();
      this.#options.complain(`the command is too slow: it is not run for ${dropped?.type ?? 'an event'}`);
    }
    if (this.#running === undefined && this.#waiting.length === 1)
      this.#idle = this.#idle.then(() => this.#runAll());
  }

  /** Runs nothing more; what runs is asked to end. Resolves when it has. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    if (this.#running !== undefined) end(this.#running);
    await this.#idle;
  }

  async #runAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const trouble = await this.#runOnce(event);
      if (trouble !== undefined && !this.#closed)
        this.#options.complain(`${this.#options.command[0]}: ${trouble}`);
    }
  }

  /** What went wrong. */
  async #runOnce(event: ClusterEvent): Promise<string | undefined> {
    try {
      return await this.#outcome(this.#start(event), event);
    } catch (error) {
      // Of a program that cannot be started, some errors are events, and some are thrown.
      return error instanceof Error ? error.message : String(error);
    }
  }

  #start(event: ClusterEvent): ChildProcess {
    const [program, ...args] = this.#options.command;
    return spawn(program, args, {
      shell: false,
      // What it prints is not ours: it must not come between our lines.
      stdio: ['pipe', 2, 2],
      env: { ...this.#options.variables, ...environmentOf(event) },
    });
  }

  #outcome(child: ChildProcess, event: ClusterEvent): Promise<string | undefined> {
    const { timeLimitMs } = this.#options;
    return new Promise((resolve) => {
      this.#running = child;
      let isLate = false;
      const limit = setTimeout(() => {
        isLate = true;
        end(child);
      }, timeLimitMs);
      const over = (trouble: string | undefined): void => {
        clearTimeout(limit);
        this.#running = undefined;
        resolve(isLate ? `was ended after ${timeLimitMs / 1000} s` : trouble);
      };
      child.once('error', (error) => over(error.message));
      child.once('exit', (code, signal) => over(howItEnded(code, signal)));
      // It need not read.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(eventLine(event));
    });
  }
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  child.once('exit', () => clearTimeout(timer));
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `was ended by ${signal}`;
  return code === 0 ? undefined : `exit code ${code}`;
}

/** `COROSYNC_EVENT_*`; what there is not is empty. No value holds a control character. */
function environmentOf(event: ClusterEvent): Record<string, string> {
  const object = eventObject(event);
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? escapeControls(String(value))
      : '';
  return {
    COROSYNC_EVENT_TYPE: event.type,
    COROSYNC_EVENT_SEVERITY: event.severity,
    COROSYNC_EVENT_MESSAGE: text(event.message),
    COROSYNC_EVENT_TIME: event.heardAt.toISOString(),
    COROSYNC_EVENT_EXPLAINED_BY: event.explainedBy?.type ?? '',
    COROSYNC_EVENT_NODE: text(object.node),
    COROSYNC_EVENT_NODE_NAME: text(object.name),
    COROSYNC_EVENT_LINK: text(object.link),
    COROSYNC_EVENT_QUORATE: text(object.quorate),
  };
}
