// Says when the cluster tells of what happens.
//   node bench/peers/ours-cluster.mjs DIST
import { pathToFileURL } from 'node:url';
import { answer, serve } from './serve.mjs';

/** @type {typeof import('../../src/index.ts')} */
const { Cluster } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
const cluster = Cluster.open();

await serve({
  async ready() {
    await cluster.ready({ timeoutMs: 60_000 });
    return {};
  },

  /**
   * When the next event of one of these types came, on the monotonic clock, in nanoseconds.
   * @param {string} types with commas between
   */
  async 'event-time'(types) {
    /** @type {(figures: object) => void} */
    let resolve = () => undefined;
    const told = new Promise((onResolve) => (resolve = onResolve));
    const subscription = cluster.events({
      types: /** @type {never} */ (types.split(',')),
      listener: () => resolve({ time: Number(process.hrtime.bigint()) }),
    });
    answer({});
    const figures = await told;
    subscription.close();
    return figures;
  },
});
await cluster.close();
