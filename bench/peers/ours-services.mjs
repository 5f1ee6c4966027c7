// Our clients of quorum and votequorum, driven as bench/c/libquorum-peer.c is.
//   node bench/peers/ours-services.mjs DIST
import { pathToFileURL } from 'node:url';
import { answer, serve } from './serve.mjs';
import { elapsedSince, startWatch } from './stopwatch.mjs';

const dist = pathToFileURL(`${process.argv[2]}/`);

/** @type {typeof import('../../src/index.ts')} */
const { QuorumClient, VotequorumClient } = await import(new URL('index.js', dist).href);
const quorum = await QuorumClient.connect();
const votequorum = await VotequorumClient.connect({ access: 'read' });

/** @type {Record<string, () => Promise<unknown>>} */
const CALLS = {
  'get-quorate': () => quorum.getQuorate(),
  'get-info': () => votequorum.getInfo(),
};

/**
 * `window` calls at once, again and again.
 * @param {() => Promise<unknown>} call @param {number} window @param {number} seconds
 */
async function callFor(call, window, seconds) {
  const watch = startWatch();
  const deadline = performance.now() + seconds * 1000;
  let count = 0;
  for (; performance.now() < deadline; count += window) {
    if (window === 1) await call();
    else await Promise.all(Array.from({ length: window }, call));
  }
  return elapsedSince(watch, count);
}

await serve({
  'get-quorate': (window, seconds) => callFor(CALLS['get-quorate'], Number(window), Number(seconds)),
  'get-info': (window, seconds) => callFor(CALLS['get-info'], Number(window), Number(seconds)),

  /** When each event of quorum came, on the monotonic clock, in nanoseconds. */
  async 'event-times'(count) {
    /** @type {number[]} */
    const times = [];
    /** @type {(figures: object) => void} */
    let resolve = () => undefined;
    const complete = new Promise((onResolve) => (resolve = onResolve));
    const tracker = await quorum.track({
      listener: (event) => {
        if (event.kind !== 'quorum' || event.snapshot) return;
        times.push(Number(process.hrtime.bigint()));
        if (times.length === Number(count)) resolve({ times });
      },
    });
    answer({});
    const figures = await complete;
    await tracker.close();
    return figures;
  },
});
await Promise.all([quorum.close(), votequorum.close()]);
