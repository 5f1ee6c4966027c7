// Our client, driven as the C programs in bench/c are: one command per line on stdin, one line of JSON for each.
//   node bench/peers/ours.mjs DIST
import { subscribe } from 'node:diagnostics_channel';
import { pathToFileURL } from 'node:url';
import { answer, serve } from './serve.mjs';
import { elapsedSince, latencySummary, startWatch } from './stopwatch.mjs';

const dist = pathToFileURL(`${process.argv[2]}/`);

/** @type {typeof import('../../src/index.ts')} */
const { CmapClient } = await import(new URL('index.js', dist).href);
const client = await CmapClient.connect();

/** @param {string} prefix @param {number} index */
const entryKey = (prefix, index) => `${prefix}${String(index).padStart(6, '0')}`;

/** The same keys as in bench/c/peer.c. */
const GET_KEYS = Array.from({ length: 64 }, (_, i) => entryKey('bench.get.', i));

/** @param {number} count */
const keysToGet = (count) => Array.from({ length: count }, (_, i) => GET_KEYS[i % GET_KEYS.length]);

/** @type {Record<string, (...words: string[]) => unknown>} */
const COMMANDS = {
  async get(seconds) {
    const watch = startWatch();
    const deadline = performance.now() + Number(seconds) * 1000;
    let count = 0;
    while (performance.now() < deadline) await client.get(GET_KEYS[count++ % GET_KEYS.length]);
    return elapsedSince(watch, count);
  },

  async latency(seconds) {
    const deadline = performance.now() + Number(seconds) * 1000;
    const latencies = [];
    for (let before = performance.now(); before < deadline;) {
      await client.get(GET_KEYS[latencies.length % GET_KEYS.length]);
      const after = performance.now();
      latencies.push(after - before);
      before = after;
    }
    return latencySummary(latencies);
  },

  async 'pipelined-get'(window, seconds) {
    const keys = keysToGet(Number(window));
    const watch = startWatch();
    const deadline = performance.now() + Number(seconds) * 1000;
    let count = 0;
    while (performance.now() < deadline) {
      await Promise.all(keys.map((key) => client.get(key)));
      count += keys.length;
    }
    return elapsedSince(watch, count);
  },

  async iterate(prefix) {
    const watch = startWatch();
    let count = 0;
    for await (const entry of client.entries(prefix)) if (entry.key !== '') count += 1;
    return elapsedSince(watch, count);
  },

  async sets(prefix, count, first) {
    const watch = startWatch();
    const calls = Array.from({ length: Number(count) }, (_, i) =>
      client.setUint32(entryKey(prefix, i), Number(first) + i),
    );
    await Promise.all(calls);
    return elapsedSince(watch, calls.length);
  },

  /** Notifications read with `for await`; the queue's default limits must hold what corosync sends. */
  async track(prefix, count) {
    const tracker = await client.track(prefix, { prefix: true, events: ['modify'] });
    answer({});
    return readNotifications(tracker, Number(count));
  },

  /** Notifications given to a listener. */
  async listen(prefix, count) {
    const receipt = notificationReceipt(Number(count));
    const listener = receipt.receive;
    const tracker = await client.track(prefix, { prefix: true, events: ['modify'], listener });
    answer({});
    const figures = await receipt.complete;
    await tracker.close();
    return figures;
  },

  /** How long ago each value was set that a notification brings: its value is the time, on the monotonic clock. */
  async 'event-latency'(key, count) {
    /** @type {number[]} */
    const latencies = [];
    /** @type {(figures: object) => void} */
    let resolve;
    const complete = new Promise((onResolve) => (resolve = onResolve));
    const tracker = await client.track(key, {
      events: ['add', 'modify'],
      listener: (event) => {
        latencies.push(Number(process.hrtime.bigint() - event.newValue.value) / 1e6);
        if (latencies.length === Number(count)) resolve(latencySummary(latencies));
      },
    });
    answer({});
    const figures = await complete;
    await tracker.close();
    return figures;
  },

  /** From now on somebody listens to all that is told to tracing tools. */
  trace() {
    let told = 0;
    for (const channel of ['connect', 'call', 'event', 'lost'])
      subscribe(`corosync-client:${channel}`, () => (told += 1));
    return { told };
  },

  /** Settings of the wait ladder, as JSON. */
  async wait(settings) {
    const { WAIT } = await import(new URL('ipc/calls/wait-ladder.js', dist).href);
    const unknown = Object.keys(JSON.parse(settings)).filter((name) => !(name in WAIT));
    if (unknown.length > 0) throw new Error(`WAIT has no ${unknown.join(', ')}`);
    Object.assign(WAIT, JSON.parse(settings));
    return { ...WAIT };
  },
};

/** @param {AsyncIterable<{ kind: string }>} tracker @param {number} count */
async function readNotifications(tracker, count) {
  let received = 0;
  let watch;
  for await (const event of tracker) {
    if (event.kind !== 'notification') throw new Error('the tracker dropped notifications');
    watch ??= startWatch();
    received += 1;
    if (received === count) break;
  }
  return elapsedSince(watch, received);
}

/** @param {number} count */
function notificationReceipt(count) {
  let received = 0;
  /** @type {ReturnType<typeof startWatch> | undefined} */
  let watch;
  /** @type {(figures: object) => void} */
  let resolve;
  const complete = new Promise((onResolve) => (resolve = onResolve));
  const receive = () => {
    watch ??= startWatch();
    received += 1;
    if (received === count) resolve(elapsedSince(watch, received));
  };
  return { complete, receive };
}

await serve(COMMANDS);
await client.close();
