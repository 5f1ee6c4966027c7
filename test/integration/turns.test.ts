import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CmapClient } from '../../src/index.ts';
import { describeOnCorosync, type IntegrationSuite } from '../helpers/integration/integration-suite.ts';

const KEYS = 200;
const key = (number: number): string => `turns.k${String(number).padStart(4, '0')}`;

/** Without turns, corosync crashes within half a second of this, and keys vanish. */
const MS = 3000;

async function setKeys(client: CmapClient): Promise<void> {
  await Promise.all(Array.from({ length: KEYS }, (_, number) => client.setUint8(key(number), 1)));
}

/** Deletes and sets again the keys at which lists rest: each must be there when it is deleted. */
async function change(client: CmapClient, from: number, isOver: () => boolean): Promise<number> {
  let lost = 0;
  for (let round = 0; !isOver(); round++) {
    const changed = key(from + (round % 5));
    const deleted = (): Promise<void> =>
      client.delete(changed).catch(() => {
        lost += 1;
      });
    await Promise.all([deleted(), client.setUint8(changed, 1), deleted(), client.setUint8(changed, 2)]);
  }
  return lost;
}

async function list(client: CmapClient, isOver: () => boolean): Promise<number> {
  let lists = 0;
  for (; !isOver(); lists++) {
    const found: string[] = [];
    for await (const info of client.keys('turns.')) found.push(info.key);
    // Of the ten that are changed, one at a time may be missing for each that changes them.
    expect(found.length).toBeGreaterThanOrEqual(KEYS - 2);
    expect(new Set(found).size).toBe(found.length);
  }
  return lists;
}

async function connections(suite: IntegrationSuite, count: number): Promise<CmapClient[]> {
  return Promise.all(Array.from({ length: count }, () => suite.connect()));
}

describeOnCorosync('lists beside changes of one process', (suite) => {
  it('on several connections never meet', async () => {
    const [one, two, three, four] = (await connections(suite, 4)) as [
      CmapClient,
      CmapClient,
      CmapClient,
      CmapClient,
    ];
    await setKeys(one);
    const until = Date.now() + MS;
    const isOver = (): boolean => Date.now() > until;
    const [lists, more, lost, lostToo] = await Promise.all([
      list(one, isOver),
      list(two, isOver),
      change(three, 120, isOver),
      change(four, 125, isOver),
    ]);
    expect(lost + lostToo).toBe(0);
    expect(Math.min(lists, more)).toBeGreaterThan(3);
    // What was set is there.
    for (let number = 0; number < KEYS; number++) await one.get(key(number));
  });

  it('and connections that are destroyed in the middle of a list never meet', async () => {
    const [writer] = (await connections(suite, 1)) as [CmapClient];
    await setKeys(writer);
    const until = Date.now() + MS;
    const isOver = (): boolean => Date.now() > until;
    const destroy = async (): Promise<number> => {
      let destroyed = 0;
      for (; !isOver(); destroyed++) {
        const lister = await suite.connect();
        const listing = list(lister, isOver).catch(() => 0);
        await sleep(destroyed % 8);
        lister.destroy();
        await listing;
      }
      return destroyed;
    };
    const [lost, destroyed] = await Promise.all([change(writer, 125, isOver), destroy(), destroy()]);
    expect(lost).toBe(0);
    expect(destroyed).toBeGreaterThan(3);
  });

  it('wait for a corosync that stands still no longer than their deadlines, and go on with it', async () => {
    const [lister, writer] = (await connections(suite, 2)) as [CmapClient, CmapClient];
    await setKeys(writer);
    const { corosync } = suite;
    corosync.pause();
    const listing = lister.keys('turns.').next();
    await sleep(20);
    const abort = new AbortController();
    const aborted = writer.setUint8(key(1), 2, { signal: abort.signal });
    const late = writer.setUint8(key(1), 3, { timeoutMs: 50 });
    const patient = writer.setUint8(key(1), 4);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(late).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    // Its iterator may rest at corosync, whose end of the connection nobody sees yet.
    lister.destroy();
    await expect(listing).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await sleep(100);
    corosync.resume();
    await patient;
    expect(await writer.get(key(1))).toEqual({ type: 'uint8', value: 4 });
  });
});
