import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAddresses, OtherNode } from '../corosync/other-node.ts';
import { PrivateCorosync } from '../corosync/private-corosync.ts';
import { waitUntil } from '../wait-until.ts';
import type { OrderHistory } from './order-history.ts';
import { OrderMember, type OrderProgram } from './order-member.ts';
import { bundled } from '../bundled.ts';
import { processState } from './process-state.ts';
import { PLACES_PER_NODE, type MemberStep, type NodeStep, type OrderStep } from './order-plan.ts';

const PROGRAMS: readonly OrderProgram[] = ['listener', 'libcpg', 'loop'];
/** What totem does is in the log: it explains what a failure shows. */
const LOGGING = 'logger_subsys {\n    subsys: TOTEM\n    debug: on\n  }';
const OPTIONS = { nodes: nodeAddresses(3), config: { totem: 'token: 1000', logging: LOGGING } };
/** Everybody's leaving, in a cluster that may still be coming together. */
const PATIENCE_MS = 100_000;
/** What a node has logged last, of which a failure tells. */
const LOG_LINES = 20;

export interface OrderRunOptions {
  readonly seed: number;
  readonly largest: number;
}

/** Three nodes with three members each, to whom a plan happens. */
export class OrderRun implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'cpg-order-'));
  readonly #options: OrderRunOptions;
  /** What members on our client are. */
  readonly #bundle: string;
  readonly #others: readonly OtherNode[];
  #first: PrivateCorosync;
  /** All that there have been, and who is in which place. */
  readonly #members: OrderMember[] = [];
  readonly #places: (OrderMember | undefined)[] = [];

  private constructor(
    options: OrderRunOptions,
    bundle: string,
    first: PrivateCorosync,
    others: readonly OtherNode[],
  ) {
    this.#options = options;
    this.#bundle = bundle;
    this.#first = first;
    this.#others = others;
  }

  static async start(options: OrderRunOptions): Promise<OrderRun> {
    const bundle = bundled('cpg-order/order-member-main.ts');
    const others = [await OtherNode.start(2, OPTIONS), await OtherNode.start(3, OPTIONS)];
    return new OrderRun(options, bundle, await PrivateCorosync.start(OPTIONS), others);
  }

  async take(step: OrderStep): Promise<void> {
    if (step.do === 'wait') await sleep(step.ms);
    else if ('place' in step) this.#toMember(step.do, step.place);
    else await this.#toNode(step.do, step.nodeId);
  }

  /** Everybody takes part again, then all leave; what they have written. */
  async finish(): Promise<OrderHistory[]> {
    await waitUntil('everybody takes part', () => this.#everybodyTakesPart(), {
      timeoutMs: PATIENCE_MS,
    }).catch((cause: unknown) => {
      const absent = this.#places.filter((member) => member?.takesPart !== true).map(String);
      throw new Error(['these take no part:', ...absent, ...this.#nodes()].join('\n'), { cause });
    });
    const present = this.#places.filter((member) => member !== undefined);
    await sleep(1000);
    for (const member of present) member.end('leave');
    await waitUntil('everybody has left', () => present.every((member) => !member.isAlive), {
      timeoutMs: PATIENCE_MS,
    });
    await Promise.all(this.#members.map((member) => member.exited()));
    this.#keepLogs();
    return this.#members.map((member) => member.history()).filter((history) => history !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) member.kill('SIGKILL');
    await Promise.all(this.#members.map((member) => member.exited()));
    for (const other of this.#others) await other[Symbol.asyncDispose]();
    await this.#first.stop();
  }

  /** What each node's corosync has logged since its last start, beside the histories. */
  #keepLogs(): void {
    for (const [index, { log }] of this.#corosyncs().entries())
      writeFileSync(join(this.directory, `log-${index + 1}`), log);
  }

  #corosyncs(): { readonly pid: number; readonly log: string }[] {
    const others = this.#others.map((node) => ({ pid: node.corosyncPid, log: node.log() }));
    return [{ pid: this.#first.pid, log: this.#first.log() }, ...others];
  }

  /** How each corosync is, for people. */
  #nodes(): string[] {
    return this.#corosyncs().map(({ pid, log }, index) => {
      const last = log.trimEnd().split('\n').slice(-LOG_LINES).join('\n  ');
      return `node ${index + 1}, ${processState(pid)}, has logged:\n  ${last}`;
    });
  }

  /** Who was about to leave may only now have gone. */
  #everybodyTakesPart(): boolean {
    for (const [place, member] of this.#places.entries()) if (member?.isAlive !== true) this.#start(place);
    return this.#places.every((member) => member?.takesPart === true);
  }

  /** Who is not there any more, or has not joined yet, is left alone. */
  #toMember(what: MemberStep, place: number): void {
    const member = this.#places[place];
    if (what === 'start') {
      if (member?.isAlive !== true) this.#start(place);
      return;
    }
    if (member?.takesPart !== true) return;
    if (what === 'pause') member.kill('SIGSTOP');
    else if (what === 'resume') member.kill('SIGCONT');
    else if (what === 'kill') member.kill('SIGKILL');
    else member.end(member.program === 'libcpg' ? 'leave' : what);
  }

  #start(place: number): void {
    const nodeId = Math.floor(place / PLACES_PER_NODE) + 1;
    const { seed, largest } = this.#options;
    const member = new OrderMember({
      name: `member-${this.#members.length}`,
      program: PROGRAMS[place % PLACES_PER_NODE] ?? 'libcpg',
      bundle: this.#bundle,
      nodeId,
      inside: nodeId === 1 ? [] : this.#other(nodeId).inside,
      directory: this.directory,
      group: 'order',
      seed: seed + this.#members.length,
      largest,
    });
    this.#members.push(member);
    this.#places[place] = member;
  }

  async #toNode(what: NodeStep, nodeId: number): Promise<void> {
    switch (what) {
      case 'cut':
        return this.#other(nodeId).unplug();
      case 'heal':
        return this.#other(nodeId).plugIn();
      case 'pause corosync':
        if (nodeId === 1) this.#first.pause();
        else this.#other(nodeId).kill('SIGSTOP');
        return;
      case 'resume corosync':
        if (nodeId === 1) this.#first.resume();
        else this.#other(nodeId).kill('SIGCONT');
        return;
      case 'stop corosync':
        return this.#other(nodeId).stop();
      case 'kill corosync':
        return this.#killCorosync(nodeId);
      case 'start corosync':
        return this.#startCorosync(nodeId);
    }
  }

  async #killCorosync(nodeId: number): Promise<void> {
    if (nodeId !== 1) return this.#other(nodeId).killed();
    this.#first.kill('SIGKILL');
    await this.#first.exited();
  }

  /** Its members have ended with it, and others take their places. */
  async #startCorosync(nodeId: number): Promise<void> {
    const places = [...this.#places.keys()].filter(
      (place) => Math.floor(place / PLACES_PER_NODE) + 1 === nodeId,
    );
    await Promise.all(places.map(async (place) => this.#places[place]?.lostCorosync()));
    if (nodeId === 1) {
      await this.#first.stop();
      this.#first = await PrivateCorosync.start(OPTIONS);
    } else this.#other(nodeId).start();
    for (const place of places) this.#start(place);
  }

  #other(nodeId: number): OtherNode {
    const other = this.#others[nodeId - 2];
    if (other === undefined) throw new Error(`there is no other node ${nodeId}`);
    return other;
  }
}
