import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CLUSTER_SERVICES, ServiceSide, type ClusterService } from '../helpers/wire/service-comparison.ts';

const CLUSTER = { nodes: [{ addresses: ['127.0.0.1'] }] } as const;
/** Events that have been sent are here by then. */
const HERE_MS = 4;
const LEAST_STEPS = 51;
/** Milliseconds; on a busy machine more, if so many steps take it, and less than a quorum device lives without a poll. */
const [LONG, LONGEST] = [5000, 9000];
const NAMES = ['device', 'other'].map((name) => Buffer.from(name).toString('hex'));
const FLAGS = [0, 1, 2, 3, 4, 7, 8];

type Draw = (random: Random) => MessageFields;

const DRAWS: Readonly<Record<ClusterService, readonly Draw[]>> = {
  quorum: [
    () => ({ message: 'reqHeaderOnly', id: 0 }),
    () => ({ message: 'reqHeaderOnly', id: 2 }),
    () => ({ message: 'reqHeaderOnly', id: 3 }),
    (random) => ({ message: 'reqHeaderOnly', id: random.pick([5, 77, -1 - 3]) }),
    (random) => ({ message: 'reqQuorumTrackstart', flags: random.pick(FLAGS) }),
    (random) => ({ message: 'reqQuorumModelGettype', model: random.pick([0, 1, 1, 2]) }),
  ],
  votequorum: [
    (random) => ({ message: 'reqVotequorumGetinfo', nodeId: random.below(3) }),
    () => ({ message: 'reqVotequorumGetinfo', nodeId: 1 }),
    (random) => ({ message: 'reqVotequorumSetexpected', votes: random.below(7) }),
    (random) => ({
      message: 'reqVotequorumSetvotes',
      nodeId: random.pick([1, 1, 0, 2]),
      votes: random.below(5),
    }),
    (random) => ({
      message: 'reqVotequorumTrackstart',
      context: String(random.below(100)),
      flags: random.pick(FLAGS),
    }),
    () => ({ message: 'reqHeaderOnly', id: 4 }),
    (random) => ({ message: 'reqVotequorumQdeviceRegister', name: random.pick(NAMES) }),
    (random) => ({ message: 'reqVotequorumQdeviceUnregister', name: random.pick(NAMES) }),
    (random) => ({
      message: 'reqVotequorumQdeviceUpdate',
      oldName: random.pick(NAMES),
      newName: random.pick(NAMES),
    }),
    (random) => ({
      message: 'reqVotequorumQdevicePoll',
      name: random.pick(NAMES),
      castVote: random.below(2),
      ringId: { nodeId: random.below(5) === 0 ? 9 : 1, seq: '0' },
    }),
    (random) => ({
      message: 'reqVotequorumQdeviceMasterWins',
      name: random.pick(NAMES),
      allow: random.pick([0, 1, 256]),
    }),
  ],
  cfg: [
    (random) => ({ message: 'reqHeaderOnly', id: random.pick([0, 1, 6, 7, 8, 11, 12, 99]) }),
    (random) => ({ message: 'reqCfgKillnode', nodeId: random.pick([0, 2, 99]), reason: 'none' }),
    (random) => ({ message: 'reqCfgTrackstart', flags: random.pick(FLAGS) }),
    (random) => ({ message: 'reqCfgReplytoshutdown', response: random.below(2) }),
    (random) => ({ message: 'reqCfgGetNodeAddrs', nodeId: random.pick([0, 1, 9]) }),
    (random) => ({ message: 'reqCfgNodestatusget', nodeId: 1, version: random.pick([0, 1, 2]) }),
  ],
};

/** Somebody changes what votequorum reads. */
async function changeMap(map: CmapClient, votes: number): Promise<void> {
  if (votes === 0) await map.delete('quorum.expected_votes').catch(() => undefined);
  else await map.setUint32('quorum.expected_votes', votes);
}

/** corosync counts what it sends to all nodes, and what has come back. */
async function inFlight(map: CmapClient): Promise<number> {
  let sum = 0;
  for (const service of ['votequorum', 'cfg']) {
    for await (const { key, value } of map.entries(`runtime.services.${service}.`)) {
      if (key.endsWith('.tx')) sum += Number(value.value);
      if (key.endsWith('.rx')) sum -= Number(value.value);
    }
  }
  return sum;
}

type Events = Record<string, string[]>;

/** What both have told since the last time. Both are given time: a busy machine is no difference. */
async function sameEvents(
  real: ServiceSide,
  ours: ServiceSide,
): Promise<readonly [real: Events, ours: Events]> {
  const told = { real: {} as Events, ours: {} as Events };
  const take = (side: ServiceSide, into: Events): void => {
    for (const [name, events] of Object.entries(side.takeEvents())) (into[name] ??= []).push(...events);
  };
  const equal = (): boolean => {
    take(real, told.real);
    take(ours, told.ours);
    return JSON.stringify(told.real) === JSON.stringify(told.ours);
  };
  await waitUntil('both have told it', equal, { everyMs: 2, timeoutMs: 2000 }).catch(() => undefined);
  return [told.real, told.ours];
}

describeOnCorosync('the services of the fake beside those of a real corosync', (suite) => {
  it.each([1, 2])('answer and tell alike, whatever is asked (seed %i)', async (seed) => {
    suite.tolerate(/qdevice|regist|unsupported model/i);
    await suite.restart(); // with the votes of its file
    const random = new Random(seed);
    await using fake = await FakeCorosync.start({
      cluster: CLUSTER,
      ipcType: suite.transport === 'socket' ? 'socket' : 'shm',
    });
    await using real = new ServiceSide({});
    await using ours = new ServiceSide(fake.connectOptions);
    await using realMap = await CmapClient.connect();
    await using ourMap = await CmapClient.connect(fake.connectOptions);
    const context: MessageFields = { message: 'reqVotequorumTrackstart', context: '1', flags: 2 };
    for (const side of [real, ours]) await side.send('votequorum', 'a', context);
    await sleep(300);
    const atRest = await inFlight(realMap);
    const happened = async (): Promise<void> => {
      await waitUntil('what was sent has come back', async () => (await inFlight(realMap)) === atRest, {
        everyMs: 1,
      });
      await sleep(HERE_MS);
    };
    expect(ours.takeEvents()).toEqual(real.takeEvents());
    const began = performance.now();
    let steps = 0;
    const isOver = (): boolean => performance.now() > began + (steps < LEAST_STEPS ? LONGEST : LONG);
    for (; !isOver(); steps++) {
      if (random.below(15) === 0) {
        const votes = random.below(6);
        await Promise.all([changeMap(realMap, votes), changeMap(ourMap, votes)]);
      }
      const service = random.pick([...CLUSTER_SERVICES, 'votequorum', 'votequorum'] as const);
      const fields = random.pick(DRAWS[service])(random);
      const client = random.pick(['a', 'b']);
      const where = { seed, steps, service, client, fields };
      const [expected, answer] = [
        await real.send(service, client, fields),
        await ours.send(service, client, fields),
      ];
      expect({ ...where, answer }).toEqual({ ...where, answer: expected });
      await happened();
      const [told, ourTold] = await sameEvents(real, ours);
      expect({ ...where, told: ourTold }).toEqual({ ...where, told });
    }
    expect(steps).toBeGreaterThanOrEqual(LEAST_STEPS);
  });
});
