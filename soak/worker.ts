/** One process of the soak: it does its role's work until it is told to stop, and tells the director what came of it. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../test/helpers/integration/integration-random.ts';
import { Caller } from './caller.ts';
import { Following } from './following.ts';
import type { Footprint, FromWorker, ToWorker, WorkerTask } from './protocol.ts';
import { Groups } from './groups.ts';
import { Services } from './services.ts';
import { Tally } from './tally.ts';
import { Tracking } from './tracking.ts';
import type { Work } from './work.ts';

const LOOKS = 10;
const LOOK_EVERY_MS = 20;

function tell(message: FromWorker): void {
  process.send?.(message);
}

/** What is closed goes at the event loop's pace: the least of a few looks counts. */
async function footprint(): Promise<Footprint> {
  let descriptors = Infinity;
  for (let look = 0; look < LOOKS; look++) {
    await sleep(LOOK_EVERY_MS);
    descriptors = Math.min(descriptors, readdirSync('/proc/self/fd').length);
  }
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { descriptors, heapBytes: heapUsed + external };
}

function workOf({ role, name }: WorkerTask, random: Random, tally: Tally): Work {
  switch (role) {
    case 'caller':
      return new Caller(name, random, tally);
    case 'tracker':
      return new Tracking(random, tally);
    case 'session':
      return new Following(name, random, tally);
    case 'services':
      return new Services(random, tally);
    case 'groups':
      return new Groups(random, tally);
  }
}

async function main(task: WorkerTask): Promise<void> {
  const tally = new Tally((what) => tell({ kind: 'mismatch', what: `${task.name}: ${what}` }));
  const random = new Random(task.seed);
  const work = workOf(task, random, tally);
  const order = { wanted: 'go' as 'go' | 'quiet' | 'stop', obeyed: false };
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'pictures') tell({ kind: 'pictures', pictures: work.pictures?.() ?? [] });
    else Object.assign(order, { wanted: message.kind, obeyed: false });
  });
  process.on('disconnect', () => process.exit(1)); // the director is gone
  process.on('uncaughtException', (error) => tally.mismatch(`uncaught: ${String(error.stack)}`));
  const telling = setInterval(() => tell({ kind: 'counts', counts: tally.take() }), 500);
  for (;;) {
    if (order.wanted === 'go') {
      await work.step();
      continue;
    }
    if (order.wanted === 'stop') break;
    if (!order.obeyed) {
      await work.rest();
      order.obeyed = true;
      tell({ kind: 'quiet', footprint: await footprint() });
    }
    await sleep(5);
  }
  clearInterval(telling);
  await work.stop();
  tell({ kind: 'counts', counts: tally.take() });
  tell({ kind: 'stopped' });
  process.disconnect();
}

await main(JSON.parse(process.argv[2] ?? '') as WorkerTask);
