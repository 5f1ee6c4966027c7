import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/errors/index.ts';
import { StateFollower, type StateLandmark, type StateSink } from '../../src/session/state-follower.ts';

interface Change {
  readonly kind: 'change';
  readonly to: number;
}

class FakeClient {
  sink: StateSink<number, Change> | undefined;
  closings = 0;
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));

  whenClosed(): Promise<void> {
    return this.#ended;
  }

  end(): void {
    this.#end();
  }

  change(to: number): void {
    this.sink?.changed({ kind: 'change', to }, to);
  }
}

const LOSS = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });

function follower(maxQueued = 10, listens = true) {
  const told: (Change | StateLandmark<number>)[] = [];
  let ends = 0;
  const driver = new StateFollower<FakeClient, number, Change>(
    { ...(listens && { listener: (event: (typeof told)[number]) => void told.push(event) }), maxQueued },
    (client, sink) => {
      client.sink = sink;
      return Promise.resolve({
        close: () => {
          client.closings += 1;
          return Promise.resolve();
        },
      });
    },
    () => (ends += 1),
  );
  return { told, driver, ends: () => ends };
}

describe('StateFollower', () => {
  it('tells a snapshot, changes, a loss and what holds after it', async () => {
    const { told, driver } = follower();
    const [first, second, third] = [new FakeClient(), new FakeClient(), new FakeClient()];
    const attached = driver.attach(first);
    await Promise.resolve();
    expect(driver.current).toBeUndefined();
    first.sink?.snapshot(1);
    await attached;
    first.change(2);
    driver.lost(LOSS);
    expect(first.closings).toBe(1);
    first.change(9); // from a connection that is gone
    const again = driver.attach(second);
    second.sink?.snapshot(2);
    await again;
    driver.lost(LOSS);
    const other = driver.attach(third);
    third.sink?.snapshot(5);
    await other;
    expect(told).toEqual([
      { kind: 'snapshot', state: 1 },
      { kind: 'change', to: 2 },
      { kind: 'lost', error: LOSS },
      { kind: 'resynced', state: 2, changed: false },
      { kind: 'lost', error: LOSS },
      { kind: 'resynced', state: 5, changed: true },
    ]);
    expect(driver.current).toBe(5);
  });

  it('tells no loss of what was never told, and does not wait for a snapshot that cannot come', async () => {
    const { told, driver } = follower();
    const client = new FakeClient();
    const attached = driver.attach(client);
    client.end();
    await attached;
    driver.lost(LOSS);
    expect(told).toEqual([]);
  });

  it('tells a reader that was too slow for a loss that what it knows is lost', async () => {
    const { driver } = follower(1, false);
    const [first, second] = [new FakeClient(), new FakeClient()];
    const attached = driver.attach(first);
    first.sink?.snapshot(1);
    await attached;
    first.change(2);
    driver.lost(LOSS);
    const reader = driver[Symbol.asyncIterator]();
    const read = async (): Promise<unknown> => (await reader.next()).value;
    expect(await read()).toEqual({ kind: 'snapshot', state: 1 });
    expect(await read()).toEqual({ kind: 'overflow', dropped: 2, state: 2 });
    expect(await read()).toEqual({ kind: 'lost', error: LOSS });
    const again = driver.attach(second);
    second.sink?.snapshot(3);
    await again;
    second.change(4);
    expect(await read()).toEqual({ kind: 'resynced', state: 3, changed: true });
    expect(await read()).toEqual({ kind: 'overflow', dropped: 1, state: 4 });
    second.change(5);
    expect(await read()).toEqual({ kind: 'change', to: 5 });
  });

  it('ends once, and closes what it has at corosync', async () => {
    const { told, driver, ends } = follower();
    const client = new FakeClient();
    const attached = driver.attach(client);
    client.sink?.snapshot(1);
    await attached;
    await driver.close();
    await driver.close();
    driver.end();
    client.change(3);
    expect([client.closings, ends(), told.length]).toEqual([1, 1, 1]);
    const late = new FakeClient();
    await driver.attach(late);
    expect(late.sink).toBeUndefined();
  });

  it('that is closed while corosync is asked closes what it gets', async () => {
    const { driver } = follower();
    const client = new FakeClient();
    const attached = driver.attach(client);
    await driver.close();
    await attached;
    expect(client.closings).toBe(1);
  });
});
