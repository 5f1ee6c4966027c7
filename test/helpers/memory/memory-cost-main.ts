import { setTimeout as sleep } from 'node:timers/promises';
import { decodeNotification } from '../../../src/codec/cmap/notification.ts';
import { costOfChange } from '../../../src/cmap/values/memory-cost.ts';
import { resCmapNotifyCallback } from '../wire/message-builder.ts';
import { readerAmongDirt } from './memory-stage.ts';

/*
 * A program of its own, in which nothing else takes memory or gives it back: holds many notifications of each value that is given,
 * and says what they take and what they count for. Argument: a JSON array of [type on the wire, value in hex].
 */

const COUNT = 3000;
const { gc } = globalThis;
const held: unknown[] = [];

/** Buffers are freed beside the program, when all that holds them is gone. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc?.();
    await sleep(5);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function hold(type: number, value: string): Promise<{ taken: number; counted: number }> {
  const fields = { newType: type, newValue: value, oldType: type, oldValue: value };
  const key = 'memory.cost.of.a.key';
  const bytes = resCmapNotifyCallback({ trackInstHandle: '1', key, event: 2, ...fields }).toBytes();
  const reader = readerAmongDirt(bytes);
  const before = await usedBytes();
  const changes = Array.from({ length: COUNT }, () => {
    const message = decodeNotification(reader);
    const { change, newValue, oldValue } = message;
    return {
      kind: 'notification',
      change,
      key: message.key,
      newValue,
      oldValue,
      tracker: held,
      coalesced: 0,
    };
  });
  held.push(changes);
  const taken = (await usedBytes()) - before;
  return { taken, counted: changes.reduce((sum, change) => sum + costOfChange(change), 0) };
}

const values = JSON.parse(process.argv[2] ?? '[]') as [number, string][];
await hold(6, '01000000'); // what the code itself takes
const measured = [];
for (const [type, value] of values) measured.push(await hold(type, value));
console.log(JSON.stringify(measured));
