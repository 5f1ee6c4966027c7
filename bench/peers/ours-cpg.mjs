// Our client of cpg, driven as bench/c/libcpg-peer.c is.
//   node bench/peers/ours-cpg.mjs DIST GROUP
import { pathToFileURL } from 'node:url';
import { answer, serve } from './serve.mjs';
import { elapsedSince, latencySummary, startWatch } from './stopwatch.mjs';

const dist = pathToFileURL(`${process.argv[2]}/`);

/** @type {typeof import('../../src/index.ts')} */
const { CpgClient } = await import(new URL('index.js', dist).href);

/** Bytes that a program gives to `mcast` before it waits: twice this is more than the window. */
const BURST_BYTES = 2560 * 1024;

/** @param {string} group @param {() => void} onMessage */
async function join(group, onMessage) {
  const client = await CpgClient.connect();
  /** @param {import('../../src/index.ts').CpgEvent} event */
  const listener = ({ kind }) => {
    if (kind === 'message') onMessage();
  };
  await client.join(group, { listener });
  return client;
}

const own = await join(process.argv[3] ?? '', () => undefined);

await serve({
  /** Messages of `size` bytes, two bursts at a time, until all have come back. */
  async send(size, seconds) {
    const message = Buffer.alloc(Number(size));
    const burst = Math.ceil(BURST_BYTES / (message.length + 40));
    const watch = startWatch();
    const deadline = performance.now() + Number(seconds) * 1000;
    let count = 0;
    let before = Promise.resolve();
    while (performance.now() < deadline) {
      let last = before;
      for (let i = 0; i < burst; i += 1) last = own.mcast(message);
      count += burst;
      await before;
      before = last;
    }
    await own.mcast(message, { delivered: true });
    return elapsedSince(watch, count + 1);
  },

  /** So many messages, as fast as they go. */
  async 'send-count'(size, count) {
    const message = Buffer.alloc(Number(size));
    const burst = Math.ceil(BURST_BYTES / (message.length + 40));
    for (let left = Number(count) - 1; left > 0; left -= burst) {
      let last;
      for (let i = 0; i < Math.min(burst, left); i += 1) last = own.mcast(message);
      await last;
    }
    await own.mcast(message, { delivered: true });
    return {};
  },

  async 'round-trips'(size, seconds) {
    const message = Buffer.alloc(Number(size));
    const deadline = performance.now() + Number(seconds) * 1000;
    const latencies = [];
    for (let before = performance.now(); before < deadline;) {
      await own.mcast(message, { delivered: true });
      const after = performance.now();
      latencies.push(after - before);
      before = after;
    }
    return latencySummary(latencies);
  },

  async receive(group, count) {
    let received = 0;
    /** @type {ReturnType<typeof startWatch> | undefined} */
    let watch;
    /** @type {(figures: object) => void} */
    let resolve = () => undefined;
    const complete = new Promise((onResolve) => (resolve = onResolve));
    const guest = await join(group, () => {
      watch ??= startWatch();
      received += 1;
      if (received === Number(count)) resolve(elapsedSince(watch, received));
    });
    answer({});
    const figures = await complete;
    await guest.close();
    return figures;
  },
});
await own.close();
