/** The other side of copy-worker.ts: a copy of the library in a thread of its own, which does what it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { TurnKind } from '../../../src/codec/message.ts';
import { Copies } from '../../../src/ipc/copies/copies.ts';
import { SharedNotes } from '../../../src/ipc/copies/notes.ts';
import { ProcessTurn } from '../../../src/ipc/turns/process-turn.ts';
import { TurnGate } from '../../../src/ipc/turns/turn-gate.ts';
import type { CopyTask } from './copy-worker.ts';

const copies = new Copies();
const membership = copies.join();
const gate = new TurnGate(new ProcessTurn(copies, 0));
const notes = new SharedNotes(copies);
const inside = new Int32Array(workerData as SharedArrayBuffer);

function enter(kind: TurnKind): Promise<void> {
  return new Promise((resolve) => {
    if (gate.enter(kind, { entered: resolve })) resolve();
  });
}

/** Goes in and out, and counts how often somebody of the other kind was in as well. */
async function stress(kind: TurnKind, turns: number): Promise<number> {
  const [ours, theirs] = kind === 'list' ? [0, 1] : [1, 0];
  let met = 0;
  for (let turn = 0; turn < turns; turn++) {
    await enter(kind);
    Atomics.add(inside, ours, 1);
    if (Atomics.load(inside, theirs) > 0) met += 1;
    if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (Atomics.load(inside, theirs) > 0) met += 1;
    Atomics.sub(inside, ours, 1);
    gate.leave();
  }
  return met;
}

async function run(task: CopyTask): Promise<number> {
  switch (task.do) {
    case 'enter':
      await enter(task.kind);
      return 0;
    case 'leave':
      gate.leave();
      return 0;
    case 'connect':
      copies.join(task.files);
      return 0;
    case 'freeze':
      Atomics.wait(inside, 2, 0, task.ms);
      return 0;
    case 'stress':
      return stress(task.kind, task.turns);
    case 'note':
      notes.make(task.server, task.bits, 0n);
      return 0;
    case 'end':
      membership.end();
      return 0;
  }
}

parentPort?.on(
  'message',
  (task: CopyTask) => void run(task).then((result) => parentPort?.postMessage(result)),
);
parentPort?.postMessage('ready');
