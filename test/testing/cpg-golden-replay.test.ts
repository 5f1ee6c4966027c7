import { describe, expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { readServiceGoldens, type GoldenPart, type ServiceExchange } from '../golden/service-goldens.ts';
import { build, differences, type MessageFields } from '../helpers/wire/message-builder.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const GROUP = 'golden';
const THREE_NODES = 'three nodes: ';
/** libcpg's programs, by the names of their exchanges: each has a connection. The rest are the first one's. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^other: /, 'other'],
  [/^fragments: |^join, the largest pid|^iterate, an unknown handle/, 'fragments'],
];
/** More than a datagram can carry. */
const MANY_BYTES = 60_000;
/** Of processes whose exchanges were not captured. */
const LATER_PIDS = [67, 68, 69, 70];
const LATER_GROUPS = ['x', 'l'.repeat(127), Buffer.from('67ff', 'hex'), 'Zürich'];

/** The corosync of a capture, with a connection for each program that it had. */
class Scene implements AsyncDisposable {
  readonly #fake: FakeCorosync;
  readonly #connections = new Map<string, RawConnection>();
  /** Handles that corosync chose, and those that the fake has chosen for them. */
  readonly #handles = new Map<string, string>();

  private constructor(fake: FakeCorosync) {
    this.#fake = fake;
  }

  static async start(nodes: number, ipcType: 'shm' | 'socket'): Promise<Scene> {
    return new Scene(await FakeCorosync.start({ ipcType, cluster: { nodes } }));
  }

  async replay(exchange: ServiceExchange): Promise<void> {
    const { name, requests, responses, events } = exchange;
    const program = OTHERS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
    await this.#prepare(exchange);
    const connection = await this.#connection(program);
    for (const [index, { fields }] of requests.entries()) {
      const { bytes } = await connection.sendBytes(build(this.#ours(fields)).toBytes());
      const expected = responses[index];
      if (expected !== undefined) this.#compare(name, bytes, expected);
    }
    await waitUntil(`events of ${name}`, () => connection.events.length >= events.length, { everyMs: 1 });
    for (const event of events) this.#compare(name, connection.events.shift() ?? Buffer.alloc(0), event);
  }

  /** Whatever has come beyond what the captures have. */
  rest(): string[] {
    return [...this.#connections].flatMap(([program, { events }]) =>
      events.map((event) => `${program}: ${event.toString('hex', 0, 200)}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) await connection[Symbol.asyncDispose]();
    await this.#fake.stop();
  }

  /** What others did at this moment, and what was left out of the capture. */
  async #prepare({ name, events }: ServiceExchange): Promise<void> {
    const { cpg } = this.#fake;
    switch (name) {
      case 'another is killed':
        cpg.join(GROUP, { nodeId: 1, pid: 66 });
        await this.#drop('', 1);
        cpg.leave(GROUP, { nodeId: 1, pid: 66 }, 'process-down');
        return;
      case 'iterate, names, init':
        for (const [index, pid] of LATER_PIDS.entries())
          cpg.join(LATER_GROUPS[index] ?? '', { nodeId: 1, pid });
        return;
      case 'fragments: first, of a message that is cut short':
        await this.#drop('', 4); // the one who sends them has joined, and has sent them
        return;
      case 'fragments: last, after a change of the group':
        cpg.join(GROUP, { nodeId: 1, pid: 71 });
        await this.#drop('', 2);
        await this.#drop('fragments', 1);
        return;
      default:
        if (name.startsWith(THREE_NODES)) await this.#happen(name.slice(THREE_NODES.length), events);
    }
  }

  async #happen(what: string, events: readonly GoldenPart[]): Promise<void> {
    const { cpg, cluster } = this.#fake;
    switch (what) {
      case 'node 2 joins': {
        const connection = await this.#connection('');
        const [first] = members(events);
        const pid = first?.pid ?? 0;
        const join: MessageFields = {
          message: 'reqCpgJoin',
          group: Buffer.from(GROUP).toString('hex'),
          pid,
          flags: 1,
        };
        await connection.send(join);
        await this.#drop('', 2);
        cpg.join(GROUP, members(events)[1] ?? { nodeId: 0, pid: 0 });
        return;
      }
      case 'node 3 joins':
        cpg.join(GROUP, members(events)[2] ?? { nodeId: 0, pid: 0 });
        return;
      case 'node 3 sends':
        cpg.mcast(GROUP, cpg.members(GROUP)[2] ?? { nodeId: 0, pid: 0 }, 'from node 3');
        return;
      case 'the others are cut off':
        cluster.isolate(2, 3);
        return;
      case 'the others are back':
        cluster.join(2);
        cluster.join(3);
        return;
      case 'node 3 leaves':
        cluster.shutDown(3);
    }
  }

  async #drop(program: string, count: number): Promise<void> {
    const { events } = await this.#connection(program);
    await waitUntil(`${count} events`, () => events.length >= count, { everyMs: 1 });
    events.splice(0, count);
  }

  #compare(name: string, bytes: Buffer, { fields }: GoldenPart): void {
    const expected = this.#withOurs(fields, bytes);
    expect({ name, fields, differences: differences(bytes, build(expected)) }).toEqual({
      name,
      fields,
      differences: [],
    });
  }

  /** A request about what the fake has chosen for itself. */
  #ours(fields: MessageFields): MessageFields {
    const handle = 'handle' in fields ? this.#handles.get(fields.handle) : undefined;
    return handle === undefined || !('handle' in fields) ? fields : { ...fields, handle };
  }

  /** What corosync chooses for itself is not the same: handles, and the numbers of rings. */
  #withOurs(fields: MessageFields, bytes: Buffer): MessageFields {
    if (fields.message === 'resCpgIterationInitialize') {
      const handle = String(bytes.readBigUInt64LE(24));
      this.#handles.set(fields.handle, handle);
      return { ...fields, handle };
    }
    if (fields.message !== 'resCpgTotemConfchg') return fields;
    const seq = bytes.readBigUInt64LE(32);
    expect(seq).toBeGreaterThan(0n);
    return { ...fields, ringId: { ...fields.ringId, seq: String(seq) } };
  }

  async #connection(program: string): Promise<RawConnection> {
    const known = this.#connections.get(program);
    if (known !== undefined) return known;
    const connection = await RawConnection.connect(this.#fake.connectOptions, 'cpg');
    this.#connections.set(program, connection);
    return connection;
  }
}

function members([event]: readonly GoldenPart[]): readonly { nodeId: number; pid: number }[] {
  return event?.fields.message === 'resCpgConfchg' ? event.fields.members : [];
}

function isLarge({ requests }: ServiceExchange): boolean {
  return requests.some(({ fields }) => 'bytes' in fields && fields.bytes.length > 2 * MANY_BYTES);
}

describe('what real exchanges with cpg had for answers', () => {
  it.each(['shm', 'socket'] as const)(
    'the fake answers too, byte for byte, and tells so (%s)',
    async (ipcType) => {
      await using one = await Scene.start(1, ipcType);
      await using three = await Scene.start(3, ipcType);
      let replayed = 0;
      for (const exchange of readServiceGoldens('cpg').exchanges) {
        if (ipcType === 'socket' && isLarge(exchange)) continue;
        await (exchange.name.startsWith(THREE_NODES) ? three : one).replay(exchange);
        replayed += 1;
      }
      expect(replayed).toBeGreaterThan(50);
      expect(three.rest()).toEqual([]);
    },
  );
});
