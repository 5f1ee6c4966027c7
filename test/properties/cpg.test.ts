import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CpgClient, type CpgAddress, type CpgEvent } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { parameters, timeLimitMs } from './parameters.ts';

const GROUP = 'chat';
const FRAGMENT = 1000;
const place = { nodeId: fc.constantFrom(2, 3), pid: fc.constantFrom(5, 6) };
const node = fc.constantFrom(2, 3);

const command = fc.oneof(
  fc.record({ do: fc.constant('join' as const), ...place }),
  fc.record({ do: fc.constantFrom('leave' as const, 'process-down' as const), ...place }),
  fc.record({ do: fc.constant('send' as const), ...place, length: fc.nat({ max: 3000 }) }),
  fc.record({ do: fc.constant('send ours' as const), length: fc.constantFrom(0, 1, 500, 70_000, 1_200_000) }),
  fc.record({ do: fc.constant('neighbour' as const) }),
  fc.record({ do: fc.constantFrom('cut' as const, 'shut down' as const, 'back' as const), nodeId: node }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const name = ({ nodeId, pid }: CpgAddress): string => `${nodeId}:${pid}`;
const US = '1:1';
const NEIGHBOUR = '1:2';

/** What a member is told, in short. */
function short(event: CpgEvent): string {
  switch (event.kind) {
    case 'message':
      return `${name(event.from)} says ${event.message.length}`;
    case 'membership': {
      const list = (changes: readonly (CpgAddress & { reason: unknown })[]): string =>
        changes
          .map((change) => `${name(change)} ${String(change.reason)}`)
          .sort()
          .join();
      return `+${list(event.joined)} -${list(event.left)} of ${event.members.map(name).sort().join()}`;
    }
    case 'ring':
      return `ring ${event.members.join()}`;
  }
}

/** The group as it should be, and what a member of node 1 should have been told of it. */
class Model {
  readonly told: string[] = [];
  /** Of nodes 2 and 3, whether they can be heard or not. */
  readonly others = new Set<string>();
  readonly nodes = new Set([1, 2, 3]);
  hasNeighbour = false;

  constructor() {
    this.change([[US, 'join']], []);
  }

  hears(nodeId: number): boolean {
    return this.nodes.has(nodeId);
  }

  of(nodeId: number): string[] {
    return [...this.others].filter((other) => other.startsWith(`${nodeId}:`)).sort();
  }

  change(joined: readonly (readonly [string, string])[], left: readonly (readonly [string, string])[]): void {
    const list = (changes: readonly (readonly [string, string])[]): string =>
      changes.map((change) => change.join(' ')).join();
    const members = [US, ...(this.hasNeighbour ? [NEIGHBOUR] : [])];
    for (const nodeId of this.nodes) members.push(...this.of(nodeId));
    this.told.push(`+${list(joined)} -${list(left)} of ${members.sort().join()}`);
  }

  ring(): void {
    this.told.push(`ring ${[...this.nodes].sort().join()}`);
  }

  cut(nodeId: number): void {
    this.nodes.delete(nodeId);
    const lost = this.of(nodeId);
    if (lost.length > 0)
      this.change(
        [],
        lost.map((other) => [other, 'node-down'] as const),
      );
    this.ring();
  }

  shutDown(nodeId: number): void {
    // Corosync goes from the highest to the lowest.
    const ends = this.of(nodeId).reverse();
    for (const other of ends) {
      this.others.delete(other);
      this.change([], [[other, 'process-down']]);
    }
    this.nodes.delete(nodeId);
    this.ring();
  }

  back(nodeId: number): void {
    this.nodes.add(nodeId);
    const found = this.of(nodeId);
    if (found.length > 0)
      this.change(
        found.map((other) => [other, 'node-up'] as const),
        [],
      );
    this.ring();
  }
}

class World {
  readonly #fake: FakeCorosync;
  readonly #client: CpgClient;
  readonly #model = new Model();
  #neighbour: CpgClient | undefined;

  constructor(fake: FakeCorosync, client: CpgClient) {
    this.#fake = fake;
    this.#client = client;
  }

  get expected(): readonly string[] {
    return this.#model.told;
  }

  /** Does nothing where it makes no sense. */
  async take(step: Command): Promise<void> {
    switch (step.do) {
      case 'send ours': {
        await this.#client.mcast(Buffer.alloc(step.length), { delivered: true });
        this.#model.told.push(`${US} says ${step.length}`);
        return;
      }
      case 'neighbour':
        return this.#comeOrGo();
      case 'cut':
      case 'shut down':
      case 'back': {
        this.#changeNode(step.do, step.nodeId);
        return;
      }
      default: {
        this.#other(step);
        return;
      }
    }
  }

  async end(): Promise<void> {
    await this.#neighbour?.close();
  }

  async #comeOrGo(): Promise<void> {
    const model = this.#model;
    model.hasNeighbour = !model.hasNeighbour;
    if (this.#neighbour === undefined) {
      this.#neighbour = await CpgClient.connect(this.#fake.connectOptions);
      await this.#neighbour.join(GROUP, { pid: 2, listener: () => undefined });
      model.change([[NEIGHBOUR, 'join']], []);
    } else {
      await this.#neighbour.close();
      this.#neighbour = undefined;
      model.change([], [[NEIGHBOUR, 'leave']]);
    }
  }

  #changeNode(what: 'cut' | 'shut down' | 'back', nodeId: number): void {
    const { cluster } = this.#fake;
    if (this.#model.hears(nodeId) === (what === 'back')) return;
    if (what === 'back') {
      cluster.join(nodeId);
      this.#model.back(nodeId);
    } else if (what === 'cut') {
      cluster.isolate(nodeId);
      this.#model.cut(nodeId);
    } else {
      cluster.shutDown(nodeId);
      this.#model.shutDown(nodeId);
    }
  }

  #other(step: Extract<Command, { pid: number }>): void {
    const { cpg } = this.#fake;
    const model = this.#model;
    const { nodeId, pid } = step;
    const other = name(step);
    if (!model.hears(nodeId) || model.others.has(other) === (step.do === 'join')) return;
    if (step.do === 'join') {
      cpg.join(GROUP, { nodeId, pid });
      model.others.add(other);
      model.change([[other, 'join']], []);
    } else if (step.do === 'send') {
      cpg.mcastFragments(GROUP, { nodeId, pid }, Buffer.alloc(step.length), FRAGMENT);
      model.told.push(`${other} says ${step.length}`);
    } else {
      cpg.leave(GROUP, { nodeId, pid }, step.do);
      model.others.delete(other);
      model.change([], [[other, step.do]]);
    }
  }
}

describe('whatever happens to a group', () => {
  it(
    'a member is told what the model says, in that order',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 30, size: 'max' }), async (commands) => {
          await using fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
          await using client = await CpgClient.connect(fake.connectOptions);
          const told: string[] = [];
          await client.join(GROUP, { pid: 1, listener: (event) => void told.push(short(event)) });
          const world = new World(fake, client);
          for (const step of commands) await world.take(step);
          await client.mcast('the end', { delivered: true });
          expect(told.slice(0, -1)).toEqual(world.expected);
          await world.end();
        }),
        parameters(60),
      );
    },
    timeLimitMs(60_000),
  );
});
