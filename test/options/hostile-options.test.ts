import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CmapClient, CmapSession, type CallOptions, type CmapTracker } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { foreignSignal } from '../helpers/foreign-signal.ts';
import { collect } from '../helpers/integration/integration-collect.ts';

const mistake = new Error('a mistake of the caller');
const fail = (): never => {
  throw mistake;
};
const throwing = (name: string): AbortSignal =>
  Object.defineProperty(foreignSignal(), name, { get: fail, enumerable: true });

let fake: FakeCorosync;
let client: CmapClient;
let session: CmapSession;
beforeAll(async () => {
  fake = await FakeCorosync.start({ entries: { 'a.one': { type: 'uint8', value: 1 } } });
  client = await CmapClient.connect(fake.connectOptions);
  session = CmapSession.open(fake.connectOptions);
  await session.ready();
});
afterAll(async () => {
  await session.close();
  await client.close();
  await fake.stop();
});

/** Every call that takes options, with these. */
const CALLS: Readonly<Record<string, (options: CallOptions) => Promise<unknown>>> = {
  get: (options) => client.get('a.one', options),
  getUint8: (options) => client.getUint8('a.one', options),
  set: (options) => client.setUint8('a.one', 1, options),
  delete: (options) => client.delete('a.one', options),
  adjust: (options) => client.adjust('a.one', 0, options),
  increment: (options) => client.increment('a.one', options),
  keys: async (options) => collect(client.keys('a.', options)),
  entries: async (options) => collect(client.entries('a.', options)),
  track: async (options) => (await client.track('a.one', options)).close(),
  'track of a crashing key': async (options) =>
    (await client.track('runtime.', { ...options, prefix: true })).close(),
  'tracker.close': async (options) => withTracker((tracker) => tracker.close(options)),
  connect: async (options) => (await CmapClient.connect({ ...fake.connectOptions, ...options })).close(),
  'session.ready': (options) => session.ready(options),
  'session.get': (options) => session.get('a.one', options),
  'session.set': (options) => session.setUint8('a.one', 1, options),
  'session.keys': (options) => collect(session.keys('a.', options)),
  'session.entries': (options) => collect(session.entries('a.', options)),
};

/** The tracker is not left behind, whatever becomes of its closing. */
async function withTracker(use: (tracker: CmapTracker) => Promise<void>): Promise<void> {
  const tracker = await client.track('a.one');
  try {
    await use(tracker);
  } finally {
    await tracker.close();
  }
}

const SIGNALS: readonly (readonly [string, unknown])[] = [
  ['without addEventListener', foreignSignal({ addEventListener: undefined })],
  ['without removeEventListener', foreignSignal({ removeEventListener: undefined })],
  ['without aborted', new EventTarget()],
  ['without throwIfAborted and reason', foreignSignal()],
  ['whose addEventListener throws', foreignSignal({ addEventListener: fail })],
  ['whose removeEventListener throws', foreignSignal({ removeEventListener: fail })],
  ['whose reason throws', throwing('reason')],
  ['whose aborted throws', throwing('aborted')],
  ['that has aborted, and whose reason throws', Object.assign(throwing('reason'), { aborted: true })],
];

describe.each(Object.entries(CALLS))('%s', (_name, call) => {
  it.each(SIGNALS)('settles with a signal %s, and what is shared lives on', async (_what, signal) => {
    fake.cmap.set('a.one', { type: 'uint8', value: 1 });
    await call({ signal: signal as AbortSignal }).catch((error: unknown) => {
      if (error !== mistake) expect(error).toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    });
    fake.cmap.set('a.one', { type: 'uint8', value: 1 });
    expect(await client.getUint8('a.one')).toBe(1);
    expect(await session.getUint8('a.one')).toBe(1);
    // Nothing that keeps others out has been left: no tracker of crashing keys, no change of one.
    await client.setUint8('quorum.cancel_wait_for_all', 1);
    for (const { trackers, openIterators } of fake.clients) {
      expect([trackers.length, openIterators]).toEqual([0, 0]);
    }
  });

  it('reads each option once, before anything is sent', async () => {
    fake.cmap.set('a.one', { type: 'uint8', value: 1 });
    let read = 0;
    const options = Object.defineProperty({}, 'timeoutMs', {
      enumerable: true,
      get: () => (read++ === 0 ? 10_000 : fail()),
    });
    await call(options);
    expect(read).toBe(1);
  });
});
