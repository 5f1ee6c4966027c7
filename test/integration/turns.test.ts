import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { anotherCopy } from '../helpers/turns/another-copy.ts';
import { change, keyOf, KEYS, list, setKeys } from '../helpers/turns/turn-load.ts';
import { describeOnCorosync, type IntegrationSuite } from '../helpers/integration/integration-suite.ts';

/** Without turns, corosync crashes within half a second of this, and keys vanish. */
const MS = 3000;

/** As long as a test lasts. */
function whileTesting(): { until: number; isOver: () => boolean } {
  const until = Date.now() + MS;
  return { until, isOver: () => Date.now() > until };
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
    const { isOver } = whileTesting();
    const [lists, more, lost, lostToo] = await Promise.all([
      list(one, 2, isOver),
      list(two, 2, isOver),
      change(three, 120, isOver),
      change(four, 125, isOver),
    ]);
    expect(lost + lostToo).toBe(0);
    expect(Math.min(lists, more)).toBeGreaterThan(3);
    // What was set is there.
    for (let number = 0; number < KEYS; number++) await one.get(keyOf(number));
  });

  it('and connections that are destroyed in the middle of a list never meet', async () => {
    const [writer] = (await connections(suite, 1)) as [CmapClient];
    await setKeys(writer);
    const { isOver } = whileTesting();
    const destroy = async (): Promise<number> => {
      let destroyed = 0;
      for (; !isOver(); destroyed++) {
        const lister = await suite.connect();
        const listing = list(lister, 1, isOver).catch(() => 0);
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

  it('in several copies of this library never meet', async () => {
    const [writer] = (await connections(suite, 1)) as [CmapClient];
    await setKeys(writer);
    const { CmapClient: OtherClient } = await anotherCopy();
    expect(OtherClient).not.toBe(CmapClient);
    const others = await Promise.all([OtherClient.connect(), OtherClient.connect()]);
    const { isOver } = whileTesting();
    const [lost, ...lists] = await Promise.all([
      change(writer, 125, isOver),
      ...others.map((other) => list(other, 1, isOver)),
    ]);
    expect(lost).toBe(0);
    expect(Math.min(...lists)).toBeGreaterThan(3);
    await Promise.all(others.map((other) => other.close()));
  });

  it('of a key at which corosync would crash are refused beside a tracker of another copy', async () => {
    const [here] = (await connections(suite, 1)) as [CmapClient];
    const { CmapClient: OtherClient } = await anotherCopy();
    await using other = await OtherClient.connect();
    await using tracker = await here.track('quorum.', { prefix: true });
    const set = other.setUint8('quorum.cancel_wait_for_all', 1);
    await expect(set).rejects.toMatchObject({ code: 'CS_ERR_BUSY', sent: 'no' });
    await tracker.close();
    await other.setUint8('quorum.cancel_wait_for_all', 1);
  });

  it('go on beside a reader who has stopped in the middle of a list, however long it is', async () => {
    const [reader, writer] = (await connections(suite, 2)) as [CmapClient, CmapClient];
    const [count, atOnce] = [70_000, 10_000];
    for (let from = 0; from < count; from += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, i) => writer.setUint8(`long.k${from + i}`, 1)));
    const keys = reader.keys('long.');
    await keys.next();
    await writer.setUint8('long.k0', 2);
    await writer.delete('long.k1');
    let read = 1;
    for await (const info of keys) {
      expect(info.key).toMatch(/^long\.k/);
      read += 1;
    }
    expect(read).toBe(count);
  });

  it('wait for a corosync that stands still no longer than their deadlines, and go on with it', async () => {
    const [lister, writer] = (await connections(suite, 2)) as [CmapClient, CmapClient];
    await setKeys(writer);
    const { corosync } = suite;
    corosync.pause();
    const listing = lister.keys('turns.').next();
    await sleep(20);
    const abort = new AbortController();
    const aborted = writer.setUint8(keyOf(1), 2, { signal: abort.signal });
    const late = writer.setUint8(keyOf(1), 3, { timeoutMs: 50 });
    const patient = writer.setUint8(keyOf(1), 4);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(late).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    // Its iterator may rest at corosync, whose end of the connection nobody sees yet.
    lister.destroy();
    await expect(listing).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await sleep(100);
    corosync.resume();
    await patient;
    expect(await writer.get(keyOf(1))).toEqual({ type: 'uint8', value: 4 });
  });
});
