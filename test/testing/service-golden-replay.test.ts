import { describe, expect, it } from 'vitest';
import { FakeCorosync, type FakeClusterOptions } from '../../src/testing/index.ts';
import { readServiceGoldens, type GoldenPart, type ServiceExchange } from '../golden/service-goldens.ts';
import { build, differences, type MessageFields } from '../helpers/wire/message-builder.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';

type Service = 'quorum' | 'votequorum' | 'cfg';

const nodes = (count: number, links: number): FakeClusterOptions['nodes'] =>
  Array.from({ length: count }, (_, index) => ({
    addresses: Array.from({ length: links }, (_link, link) =>
      count === 1 ? `127.0.0.${link + 1}` : `10.99.${link}.${index + 1}`,
    ),
  }));

/** The corosyncs of the captures, by what the names of their exchanges begin with. */
const SCENES: Readonly<Record<string, FakeClusterOptions>> = {
  '': { nodes: nodes(1, 2) },
  'no provider: ': { provider: 'none' },
  'device with a vote: ': { device: { votes: 1 } },
  'three nodes: ': { nodes: nodes(3, 2) },
};
/** Not replayed: what comes from several programs has tests of its own; a scope of an address; another transport. */
const LEFT_OUT = /^(?:shutdown|IPv6|udpu): /;

/** What happened, as `call` says it. */
const HAPPENINGS: Readonly<Record<string, (fake: FakeCorosync) => void>> = {
  'SIGTERM of corosync on node 3': ({ cluster }) => cluster.lose(3),
  'corosync started on node 3': ({ cluster }) => cluster.join(3),
  'the links of nodes 2 and 3 go down': ({ cluster }) => cluster.isolate(2, 3),
  'the links of nodes 2 and 3 go up': ({ cluster }) => cluster.join(2, 3),
  'corosync on node 3 killed and started': ({ cluster }) => cluster.rejoin(3),
};

interface RingIdFields {
  readonly nodeId: number;
  readonly seq: string;
}

/** Ring ids are the corosync's own: those that mean its present ring are replaced. */
function withOurRing(fields: MessageFields, fake: FakeCorosync): MessageFields {
  const seq = String(fake.cluster.ringId.seq);
  if ('ringId' in fields && isPresent(fields.ringId)) return { ...fields, ringId: { ...fields.ringId, seq } };
  if ('ringSeq' in fields && fields.ringSeq !== '0') return { ...fields, ringSeq: seq };
  return fields;
}

const isPresent = ({ nodeId }: RingIdFields): boolean => nodeId === 1;

/** One corosync of a capture, with a connection for each that the capture had. */
class Scene implements AsyncDisposable {
  readonly #service: Service;
  readonly #fake: FakeCorosync;
  readonly #connections = new Map<string, RawConnection>();
  readonly #happened = new Set<string>();

  constructor(service: Service, fake: FakeCorosync) {
    this.#service = service;
    this.#fake = fake;
  }

  async replay(exchange: ServiceExchange, prefix: string): Promise<void> {
    const { name, call, requests, responses, events } = exchange;
    const connection = await this.#connection(prefix);
    if (name.startsWith('reload, '))
      this.#fake.cluster.setConfigFile(name.includes('bad') ? 'unreadable' : 'good');
    if (requests.length === 0 && !this.#happened.has(call)) {
      this.#happened.add(call);
      if (HAPPENINGS[call] === undefined) throw new Error(`nobody knows how this happens: ${call}`);
      HAPPENINGS[call](this.#fake);
    }
    for (const [index, { fields }] of requests.entries()) {
      const { bytes } = await connection.sendBytes(build(withOurRing(fields, this.#fake)).toBytes());
      this.#compare(name, bytes, responses[index]);
    }
    await waitUntil(`events of ${name}`, () => connection.events.length >= events.length, { everyMs: 1 });
    for (const event of events) this.#compare(name, connection.events.shift() ?? Buffer.alloc(0), event);
  }

  /** Whatever has come beyond what the captures have. */
  rest(): Buffer[] {
    return [...this.#connections.values()].flatMap(({ events }) => events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) await connection[Symbol.asyncDispose]();
    await this.#fake.stop();
  }

  #compare(name: string, bytes: Buffer, expected: GoldenPart | undefined): void {
    if (expected === undefined) throw new Error(`${name} has no such answer`);
    if (isErrorOfGetInfo(expected.fields)) {
      expect(bytes.readInt32LE(16)).toBe(12);
      expect(bytes).toHaveLength(320);
      return;
    }
    const fields = withOurRing(expected.fields, this.#fake);
    expect({ name, fields, differences: differences(bytes, build(fields)) }).toEqual({
      name,
      fields,
      differences: [],
    });
  }

  async #connection(prefix: string): Promise<RawConnection> {
    const known = this.#connections.get(prefix);
    if (known !== undefined) return known;
    const connection = await RawConnection.connect(this.#fake.connectOptions, this.#service);
    this.#connections.set(prefix, connection);
    return connection;
  }
}

/** It holds whatever was in corosync's memory. */
function isErrorOfGetInfo(fields: MessageFields): boolean {
  return fields.message === 'resVotequorumGetinfo' && fields.error !== 1;
}

describe.each(['quorum', 'votequorum', 'cfg'] as const)(
  'what real exchanges with %s had for answers',
  (service) => {
    it.each(['shm', 'socket'] as const)(
      'the fake answers too, byte for byte, and tells so (%s)',
      async (ipcType) => {
        const scenes = new Map<string, Scene>();
        let replayed = 0;
        try {
          for (const exchange of readServiceGoldens(service).exchanges) {
            if (LEFT_OUT.test(exchange.name)) continue;
            const prefix = /^(?:[^,:]+: )*/.exec(exchange.name)?.[0] ?? '';
            const place = prefix.replace('v0: ', '');
            const cluster = SCENES[place];
            const scene =
              scenes.get(place) ?? new Scene(service, await FakeCorosync.start({ cluster, ipcType }));
            scenes.set(place, scene);
            await scene.replay(exchange, prefix);
            replayed += 1;
          }
          expect(replayed).toBeGreaterThan(20);
          expect([...scenes.values()].flatMap((scene) => scene.rest())).toEqual([]);
        } finally {
          for (const scene of scenes.values()) await scene[Symbol.asyncDispose]();
        }
      },
    );
  },
);
