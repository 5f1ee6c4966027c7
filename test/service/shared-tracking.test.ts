import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConnectionError, CsError } from '../../src/errors/index.ts';
import { CallLimits, checkCallOptions, type CallOptions } from '../../src/options/call-options.ts';
import {
  SharedTracking,
  type ServiceClient,
  type ServiceTracker,
  type TrackingKind,
} from '../../src/service/index.ts';
import { FakeRequest } from '../helpers/fake/fake-request.ts';

const LOST = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'gone' });
const REFUSED = new CsError('CS_ERR_ACCESS', { operation: 'fake_trackstart' });

/** Answers when it is told to. */
interface Asked {
  readonly what: 'start' | 'stop';
  readonly timeoutMs: number | undefined;
  readonly answer: () => Promise<void>;
  readonly refuse: (error: Error) => Promise<void>;
}

class FakeService {
  readonly asked: Asked[] = [];

  limits(options: CallOptions | undefined, operation: string): CallLimits {
    return checkCallOptions(options, new CallLimits(5000), operation);
  }

  submit(_message: unknown, options?: CallOptions): Promise<void> {
    return this.#ask('start', options);
  }

  release(): Promise<void> {
    return this.#ask('stop');
  }

  last(): Asked {
    const asked = this.asked.at(-1);
    if (asked === undefined) throw new Error('nothing was asked');
    return asked;
  }

  #ask(what: Asked['what'], options?: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const { timeoutMs } = options ?? {};
      this.asked.push({
        what,
        timeoutMs,
        answer: () => (resolve(), turns()),
        refuse: (error) => (reject(error), turns()),
      });
    });
  }
}

/** Numbers are told; the last one holds. */
const KIND: TrackingKind<number, string> = {
  operation: 'fake_trackstart',
  start: () => new FakeRequest(1),
  stop: () => new FakeRequest(2),
  picture: () => {
    let last: number | undefined;
    return {
      told: (event) => {
        last = event;
        return `told ${event}`;
      },
      snapshot: () => (last === undefined ? [] : [`holds ${last}`]),
    };
  },
  overflow: (dropped) => `${dropped} dropped`,
};

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

interface Bench {
  readonly tracking: SharedTracking<number, string>;
  readonly service: FakeService;
  /** Adds a tracker whose events are collected. */
  readonly add: (options?: CallOptions) => { added: Promise<ServiceTracker<string>>; events: string[] };
}

function bench(): Bench {
  const tracking = new SharedTracking(KIND);
  const service = new FakeService();
  return {
    tracking,
    service,
    add: (options = {}) => {
      const events: string[] = [];
      const listener = (event: string): void => void events.push(event);
      const added = tracking.add(service as unknown as ServiceClient, { listener, ...options });
      added.catch(() => undefined);
      return { added, events };
    },
  };
}

/** One whose tracking is on. */
async function tracked(): Promise<Bench & { first: ServiceTracker<string>; events: string[] }> {
  const made = bench();
  const { added, events } = made.add();
  await turns();
  made.tracking.told(1);
  await made.service.last().answer();
  return { ...made, first: await added, events };
}

const whatWasAsked = (service: FakeService): string[] => service.asked.map(({ what }) => what);

describe('the first tracker', () => {
  it('begins the tracking, and hears what comes before the answer', async () => {
    const { service, tracking, add } = bench();
    const { added, events } = add();
    await turns();
    expect(whatWasAsked(service)).toEqual(['start']);
    expect(service.last().timeoutMs).toBe(Infinity);
    tracking.told(1);
    expect(events).toEqual(['told 1']);
    await service.last().answer();
    await added;
    tracking.told(2);
    expect(events).toEqual(['told 1', 'told 2']);
  });

  it('that is refused leaves nothing: the next one asks again, and knows nothing yet', async () => {
    const { service, tracking, add } = bench();
    const { added } = add();
    await turns();
    tracking.told(1);
    await service.last().refuse(REFUSED);
    await expect(added).rejects.toBe(REFUSED);
    tracking.told(2);
    const again = add();
    await turns();
    expect(whatWasAsked(service)).toEqual(['start', 'start']);
    await service.last().answer();
    await again.added;
    expect(again.events).toEqual([]);
  });
});

describe('further trackers', () => {
  it('share the tracking, and begin with what was told last', async () => {
    const { service, tracking, add, events } = await tracked();
    const second = add();
    await second.added;
    tracking.told(2);
    expect(events).toEqual(['told 1', 'told 2']);
    expect(second.events).toEqual(['holds 1', 'told 2']);
    expect(whatWasAsked(service)).toEqual(['start']);
  });

  it('wait for the answer to the first, or share its failure', async () => {
    for (const refused of [false, true]) {
      const { service, add } = bench();
      const both = [add(), add()];
      let settled = 0;
      for (const { added } of both)
        void added.then(
          () => (settled += 1),
          () => (settled += 1),
        );
      await turns();
      expect(settled).toBe(0);
      await (refused ? service.last().refuse(REFUSED) : service.last().answer());
      const outcomes = await Promise.allSettled(both.map(({ added }) => added));
      expect(outcomes.map(({ status }) => status)).toEqual(Array(2).fill(refused ? 'rejected' : 'fulfilled'));
      expect(whatWasAsked(service)).toEqual(['start']);
    }
  });

  it('that lag are told how many they missed, and what holds', async () => {
    const { tracking, service } = await tracked();
    const slow = await tracking.add(service as unknown as ServiceClient, { maxQueued: 1 });
    for (const event of [2, 3]) tracking.told(event);
    const read: string[] = [];
    for await (const event of slow) if (read.push(event) === 3) break;
    expect(read).toEqual(['holds 1', '2 dropped', 'holds 3']);
  });
});

describe('the tracking', () => {
  it('ends with its last tracker, however that is closed', async () => {
    const { service, first, tracking } = await tracked();
    const loop = await tracking.add(service as unknown as ServiceClient, {});
    const second = await tracking.add(service as unknown as ServiceClient, {});
    await first.close();
    for await (const event of loop) {
      expect(event).toBe('holds 1');
      break;
    }
    expect(whatWasAsked(service)).toEqual(['start']);
    const closed = second[Symbol.asyncDispose]();
    await turns();
    expect(whatWasAsked(service)).toEqual(['start', 'stop']);
    await service.last().answer();
    await closed;
    await second.close();
    expect(whatWasAsked(service)).toEqual(['start', 'stop']);
  });

  it('drops what was on its way when it ended, and begins anew after that', async () => {
    const { service, first, tracking, add, events } = await tracked();
    const closed = first.close();
    await turns();
    const next = add();
    tracking.told(2);
    await turns();
    expect(whatWasAsked(service)).toEqual(['start', 'stop']);
    await service.last().answer();
    await closed;
    expect(whatWasAsked(service)).toEqual(['start', 'stop', 'start']);
    tracking.told(3);
    await service.last().answer();
    await next.added;
    expect(events).toEqual(['told 1']);
    expect(next.events).toEqual(['told 3']);
  });

  it('is over, whatever corosync says to that', async () => {
    const { service, first, add } = await tracked();
    const closed = first.close();
    await turns();
    await service.last().refuse(LOST);
    await closed;
    void add();
    await turns();
    expect(whatWasAsked(service)).toEqual(['start', 'stop', 'start']);
  });
});

describe('a caller who gives up', () => {
  it.each([
    // Made when it is used: its time begins at once.
    ['by his signal', () => ({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' }],
    ['by his deadline', () => ({ timeoutMs: 20 }), { code: 'CS_ERR_TIMEOUT', sent: 'unknown' }],
  ] as const)('%s does not end the request of others', async (_how, optionsOf, error) => {
    const { service, tracking, add } = bench();
    const [impatient, patient] = [add(optionsOf()), add()];
    await expect(impatient.added).rejects.toMatchObject({ ...error });
    await service.last().answer();
    await patient.added;
    tracking.told(1);
    expect([impatient.events, patient.events]).toEqual([[], ['told 1']]);
    expect(whatWasAsked(service)).toEqual(['start']);
  });

  it('alone leaves no tracking behind', async () => {
    const { service, add } = bench();
    const { added } = add({ timeoutMs: 20 });
    await expect(added).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    expect(whatWasAsked(service)).toEqual(['start']);
    await service.last().answer();
    expect(whatWasAsked(service)).toEqual(['start', 'stop']);
  });

  it('while the tracking ends asks for nothing', async () => {
    const { service, first, add } = await tracked();
    const closed = first.close();
    await turns();
    const { added } = add({ timeoutMs: 20 });
    await expect(added).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    await service.last().answer();
    await closed;
    await turns();
    expect(whatWasAsked(service)).toEqual(['start', 'stop']);
  });
});

describe('the end of the connection', () => {
  it('ends all trackers, and tells the next one why', async () => {
    const { service, tracking, add, events } = await tracked();
    const loop = await tracking.add(service as unknown as ServiceClient, {});
    tracking.ended(LOST);
    tracking.told(2);
    const read: string[] = [];
    const reading = (async () => {
      for await (const event of loop) read.push(event);
    })();
    await expect(reading).rejects.toBe(LOST);
    expect([read, events]).toEqual([['holds 1'], ['told 1']]);
    const late = add();
    await turns();
    await service.last().refuse(LOST);
    await expect(late.added).rejects.toBe(LOST);
    expect(late.events).toEqual(['holds 1']);
  });

  it('while the tracking begins or ends leaves it ended', async () => {
    const beginning = bench();
    const { added } = beginning.add();
    await turns();
    beginning.tracking.ended(LOST);
    await beginning.service.last().refuse(LOST);
    await expect(added).rejects.toBe(LOST);

    const ending = await tracked();
    const closed = ending.first.close();
    await turns();
    ending.tracking.ended(undefined);
    await ending.service.last().answer();
    await closed;
    ending.tracking.told(2);
    expect(ending.events).toEqual(['told 1']);
  });
});

describe('options of a tracker', () => {
  it.each([{ maxQueued: 0 }, { listener: 5 }, { timeoutMs: -1 }, { signal: {} }, { prefix: true }])(
    '%o are refused, and nothing is asked',
    async (options) => {
      const { tracking, service } = bench();
      await expect(tracking.add(service as unknown as ServiceClient, options as never)).rejects.toMatchObject(
        {
          code: 'CS_ERR_INVALID_PARAM',
          operation: 'fake_trackstart',
        },
      );
      expect(service.asked).toEqual([]);
    },
  );
});
