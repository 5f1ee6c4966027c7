import { expect, it } from 'vitest';
import { CpgGroup } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { importTable, type Table, type TableGroup } from '../helpers/cpg-table/table-example.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const Table = await importTable();

interface Member extends AsyncDisposable {
  readonly group: CpgGroup;
  readonly table: Table;
  /** What it has known to be the table of all, each time. */
  readonly told: Record<string, string>[];
}

const last = ({ told }: Member): Record<string, string> | undefined => told.at(-1);

function open(fake: FakeCorosync, pid: number, wrap = (group: CpgGroup): TableGroup => group): Member {
  const group = CpgGroup.open('table', { ...fake.connectOptions, pid, backOff: { firstDelayMs: 10 } });
  const told: Record<string, string>[] = [];
  const table = new Table(wrap(group), (entries) => void told.push(Object.fromEntries(entries)));
  return { group, table, told, [Symbol.asyncDispose]: () => group.close() };
}

const start = (): Promise<FakeCorosync> => FakeCorosync.start({ cluster: { nodes: 3 } });

async function agree(members: readonly Member[], expected: Record<string, string>): Promise<void> {
  const text = JSON.stringify(expected);
  await waitUntil(`all have ${text}`, () => members.every((member) => JSON.stringify(last(member)) === text));
}

/** A group whose member, once it is `doomed`, ends where it would send a message of this kind. */
function dyingAt(kind: string, fate: { doomed: boolean }): (group: CpgGroup) => TableGroup {
  return (group) => ({
    get address() {
      return group.address;
    },
    events: () => group.events(),
    async mcast(message, options) {
      const { kind: sent } = JSON.parse(String(message)) as { kind: string };
      await (fate.doomed && sent === kind ? group.close() : group.mcast(message, options));
    },
  });
}

it('is told to a new member, with what comes meanwhile', async () => {
  await using fake = await start();
  await using first = open(fake, 1);
  await first.table.set('a', '1');
  await agree([first], { a: '1' });
  await using second = open(fake, 2);
  await second.group.ready();
  const expected: Record<string, string> = { a: '1' };
  for (let number = 0; number < 50; number += 1) {
    await (number % 2 === 0 ? first : second).table.set(`key${number}`, `${number}`);
    expected[`key${number}`] = `${number}`;
  }
  await agree([first, second], expected);
  // What it has heard of before is not the whole table.
  expect(second.told[0]).toHaveProperty('a', '1');
});

it.each(['ask', 'count', 'table'])(
  'is told by another one if the member ends that is to send its %s',
  async (kind) => {
    await using fake = await start();
    await using elder = open(fake, 2);
    await elder.table.set('a', '1');
    await agree([elder], { a: '1' });
    const fate = { doomed: false };
    // The first by name asks, and is chosen of those who have the most.
    await using dying = open(fake, 1, dyingAt(kind, fate));
    await agree([elder, dying], { a: '1' });
    fate.doomed = true;
    await using newcomer = open(fake, 3);
    await newcomer.group.ready();
    await newcomer.table.set('b', '2');
    await agree([elder, newcomer], { a: '1', b: '2' });
    expect(fake.cpg.members('table').map(({ pid }) => pid)).toEqual([2, 3]);
  },
);

it('takes the table of the others when its corosync was alone at first, and heeds no round that was broken off', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 3, localNodeId: 3 } });
  const taken: string[] = [];
  await using member = open(fake, 1, (group) => ({
    address: { nodeId: 3, pid: 1 },
    events: () => group.events(),
    async mcast(message, options) {
      await group.mcast(message, options);
      taken.push(String(message));
    },
  }));
  await member.table.set('a', 'mine');
  await agree([member], { a: 'mine' });

  const elder = { nodeId: 2, pid: 7 };
  const send = (message: object): void => fake.cpg.mcast('table', elder, JSON.stringify(message));
  const answered = async (round: string): Promise<void> => {
    send({ kind: 'ask', round });
    const answer = JSON.stringify({ kind: 'count', round, updates: 1 });
    await waitUntil('it has answered', () => taken.includes(answer));
    send({ kind: 'count', round, updates: 5 });
  };
  fake.cpg.join('table', elder);
  await answered('first');
  await answered('second');
  send({ kind: 'set', key: 'b', value: 'behind' });
  send({ kind: 'table', round: 'first', updates: 5, entries: [['a', 'old']] });
  send({ kind: 'table', round: 'second', updates: 5, entries: [['a', 'theirs']] });
  await agree([member], { a: 'theirs', b: 'behind' });
  expect(member.told).toHaveLength(2);
});
