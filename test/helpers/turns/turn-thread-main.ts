/** The other side of turn-thread.ts: our client in a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { CmapClient, CsError } from '../../../src/index.ts';
import { change, list } from './turn-load.ts';
import type { ThreadTask } from './turn-thread.ts';

const client = await CmapClient.connect();

async function run(task: ThreadTask): Promise<number | string> {
  switch (task.do) {
    case 'list':
      return list(client, task.changing, () => Date.now() > task.until);
    case 'change':
      return change(client, task.from, () => Date.now() > task.until);
    case 'set':
      return outcome(client.setUint8(task.key, 1));
    case 'track':
      return outcome(client.track(task.key, { prefix: true }));
    case 'close':
      await client.close();
      return 'CS_OK';
  }
}

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'CS_OK';
  } catch (error) {
    if (!(error instanceof CsError)) throw error;
    return `${error.code} ${error.detail ?? ''}`;
  }
}

parentPort?.on(
  'message',
  (task: ThreadTask) => void run(task).then((result) => parentPort?.postMessage(result)),
);
parentPort?.postMessage('connected');
