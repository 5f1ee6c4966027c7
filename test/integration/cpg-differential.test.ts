import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CpgSide } from '../helpers/wire/cpg-side.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';

/** Both have been given time to tell what they have to. */
const HERE_MS = 4;
const LONGEST_MS = 5000;
/** A busy machine takes longer for so many. */
const LEAST_STEPS = 51;
const CLIENTS = ['a', 'b', 'c'];
const GROUPS = ['one', 'two', '', 'l'.repeat(128), 'one\0x'].map((name) => Buffer.from(name).toString('hex'));

type Draw = (random: Random) => MessageFields;

const group = (random: Random): string =>
  random.pick([...GROUPS, ...GROUPS.slice(0, 1), ...GROUPS.slice(0, 2)]);
const pid = (random: Random): number => random.pick([5, 6, 6, 0, 4_294_967_295]);
const bytes = (random: Random): string => '61'.repeat(random.below(40));

const DRAWS: readonly Draw[] = [
  ...Array<Draw>(4).fill((random) => ({
    message: 'reqCpgJoin',
    group: group(random),
    pid: pid(random),
    flags: random.below(4),
  })),
  ...Array<Draw>(2).fill((random) => ({ message: 'reqCpgLeave', group: group(random), pid: pid(random) })),
  ...Array<Draw>(3).fill((random) => ({
    message: 'reqCpgMcast',
    guarantee: random.below(9),
    bytes: bytes(random),
  })),
  ...Array<Draw>(3).fill((random) => ({
    message: 'reqCpgPartialMcast',
    guarantee: 2,
    messageLength: random.below(100),
    part: random.pick([1, 1, 2, 3, 77]),
    bytes: bytes(random),
  })),
  (random) => ({ message: 'reqCpgMembershipGet', group: group(random) }),
  (random) => ({ message: 'reqHeaderOnly', id: random.pick([4, 4, 8, 13, 99]) }),
  (random) => ({ message: 'reqCpgIterationInitialize', type: random.below(5), group: group(random) }),
  ...Array<Draw>(3).fill((random) => ({
    message: 'reqCpgIterationNext',
    handle: String(random.below(8)),
  })),
  (random) => ({ message: 'reqCpgIterationFinalize', handle: String(random.below(8)) }),
];

/** corosync counts what cpg sends to all nodes, and what has come back. */
async function inFlight(map: CmapClient): Promise<number> {
  let sum = 0;
  for await (const { key, value } of map.entries('runtime.services.cpg.')) {
    if (key.endsWith('.tx')) sum += Number(value.value);
    if (key.endsWith('.rx')) sum -= Number(value.value);
  }
  return sum;
}

/** A whole iteration and one step more: the groups and their members in corosync's order. */
async function iterated(side: CpgSide, type: number): Promise<string[]> {
  const group = GROUPS[0] ?? '';
  const answers = [await side.send('a', { message: 'reqCpgIterationInitialize', type, group })];
  const next: MessageFields = { message: 'reqCpgIterationNext', handle: String(side.iterations - 1) };
  do answers.push(await side.send('a', next));
  while (!answers.at(-1)?.includes('error 27'));
  return [...answers, await side.send('a', next)];
}

type Events = Record<string, string[]>;

/** What both have told since the last time, when it is the same, or will not be. */
async function sameEvents(real: CpgSide, ours: CpgSide): Promise<readonly [real: Events, ours: Events]> {
  const told = { real: {} as Events, ours: {} as Events };
  const take = (side: CpgSide, into: Events): void => {
    for (const [name, events] of Object.entries(side.takeEvents())) (into[name] ??= []).push(...events);
  };
  const equal = (): boolean => {
    take(real, told.real);
    take(ours, told.ours);
    return CLIENTS.every((name) => JSON.stringify(told.real[name]) === JSON.stringify(told.ours[name]));
  };
  await waitUntil('both have told it', equal, { everyMs: 2, timeoutMs: 2000 }).catch(() => undefined);
  return [told.real, told.ours];
}

describeOnCorosync('cpg of the fake beside that of a real corosync', (suite) => {
  it.each([1, 2, 3])('answers and tells alike, whatever is asked (seed %i)', async (seed) => {
    suite.tolerate(/can't mcast|event_send/i);
    await suite.restart(); // some members are left behind for ever
    const random = new Random(seed);
    await using fake = await FakeCorosync.start({
      cluster: { nodes: [{ addresses: ['127.0.0.1'] }] },
      ipcType: suite.transport === 'socket' ? 'socket' : 'shm',
    });
    await using real = new CpgSide({});
    await using ours = new CpgSide(fake.connectOptions);
    await using map = await CmapClient.connect();
    await sleep(300);
    const atRest = await inFlight(map);
    const happened = (): Promise<void> =>
      waitUntil('what was sent has come back', async () => (await inFlight(map)) === atRest, { everyMs: 1 });
    const until = performance.now() + LONGEST_MS;
    let steps = 0;
    for (; performance.now() < until || steps < LEAST_STEPS; steps++) {
      const client = random.pick(CLIENTS);
      const fields = random.pick(DRAWS)(random);
      const where = { seed, steps, client, fields };
      if (random.below(12) === 0) {
        for (const side of [real, ours]) await side.close(client);
        await sleep(HERE_MS); // until corosync knows
        await happened();
      }
      const [expected, answer] = [await real.send(client, fields), await ours.send(client, fields)];
      expect({ ...where, answer }).toEqual({ ...where, answer: expected });
      await happened();
      await sleep(HERE_MS);
      if (random.below(15) === 0) {
        const type = random.below(4);
        expect({ ...where, all: await iterated(ours, type) }).toEqual({
          ...where,
          all: await iterated(real, type),
        });
      }
      const [told, ourTold] = await sameEvents(real, ours);
      expect({ ...where, told: ourTold }).toEqual({ ...where, told });
    }
  });
});
