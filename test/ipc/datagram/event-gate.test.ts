import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DatagramPipeline, type BatchCounters } from '../../../src/ipc/datagram/datagram-pipeline.ts';
import { EventGate, MOST_LOOKS } from '../../../src/ipc/datagram/event-gate.ts';
import { loadNodeUnixSocket } from '../../../src/ipc/datagram/node-unix-socket.ts';
import { PendingCall } from '../../../src/ipc/calls/pending-call.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import { answerFake, FakeRequest } from '../../helpers/fake/fake-request.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const security: unknown = expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
const event = (number: number): Buffer => Buffer.alloc(24, number);

class Stage {
  counted = 0;
  readonly seen: number[] = [];
  readonly failures: unknown[] = [];
  onCount: () => void = () => undefined;
  readonly gate: EventGate = new EventGate(
    () => {
      this.onCount();
      return this.counted | 0;
    },
    (bytes) => void this.seen.push(bytes[0] ?? -1),
    (cause) => {
      this.failures.push(cause);
      this.gate.stop();
    },
  );

  send(number: number): void {
    this.counted += 1;
    this.gate.receive(event(number));
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe('EventGate', () => {
  it('lets through what corosync counts, in order', async () => {
    const stage = new Stage();
    for (const number of [1, 2, 3]) stage.send(number);
    expect(stage.seen).toEqual([]);
    await waitUntil('they have come', () => stage.seen.length === 3, SOON);
    stage.send(4);
    await waitUntil('it has come', () => stage.seen.length === 4, SOON);
    expect(stage.seen).toEqual([1, 2, 3, 4]);
    expect(stage.failures).toEqual([]);
  });

  it('goes on where the counter of 32 bits begins anew', async () => {
    const stage = new Stage();
    stage.counted = 2 ** 32; // as corosync shows it: 0, after so many that were believed
    stage.send(1);
    await waitUntil('it has come', () => stage.seen.length === 1, SOON);
    expect(stage.failures).toEqual([]);
  });

  it('waits for a count that comes after its event', async () => {
    const stage = new Stage();
    stage.gate.receive(event(1));
    await turns(10);
    expect([stage.seen, stage.failures]).toEqual([[], []]);
    stage.counted = 1;
    await waitUntil('it has come', () => stage.seen.length === 1, SOON);
  });

  it('ends at once where two more have come than are counted, and lets none through', async () => {
    const stage = new Stage();
    stage.send(1);
    stage.gate.receive(event(8));
    stage.gate.receive(event(9));
    await waitUntil('it has ended', () => stage.failures.length === 1, SOON);
    expect([stage.seen, stage.failures]).toEqual([[], [security]]);
  });

  it('ends where one more has come and is never counted', async () => {
    const stage = new Stage();
    stage.gate.receive(event(9));
    await sleep(300);
    expect(stage.failures).toEqual([]);
    await waitUntil('it has ended', () => stage.failures.length === 1, SOON);
    expect([stage.seen, stage.failures]).toEqual([[], [security]]);
  });

  it('ends though corosync goes on sending behind the forged one', async () => {
    const stage = new Stage();
    // Whenever the count is looked at, one that is counted is read in the next poll: so that nothing ever seems to be too many.
    stage.onCount = () => {
      stage.counted += 1;
      setImmediate(() => stage.gate.receive(event(1)));
    };
    stage.gate.receive(event(9));
    await waitUntil('it has ended', () => stage.failures.length > 0, SOON);
    expect([stage.seen, stage.failures]).toEqual([[], [security]]);
    expect(stage.counted).toBeLessThanOrEqual(MOST_LOOKS + 1);
  });

  it('lets a flood through, however it falls between the looks', async () => {
    const stage = new Stage();
    for (let number = 0; number < 2000; number++) {
      stage.send(number % 200);
      if (number % 7 === 0) await turn();
    }
    await waitUntil('all have come', () => stage.seen.length === 2000, SOON);
    expect(stage.seen).toEqual(Array.from({ length: 2000 }, (_, number) => number % 200));
  });

  it('at the end lets through what was sent, and nothing if there is more', () => {
    const [whole, forged] = [new Stage(), new Stage()];
    for (const stage of [whole, forged]) stage.send(1);
    forged.gate.receive(event(9));
    whole.gate.finish();
    forged.gate.finish();
    expect([whole.seen, forged.seen]).toEqual([[1], []]);
  });
});

/** The moment in which a forged datagram was read, and the true one is counted and on its way: the last in which one could be believed. */
describe('a true datagram that is read in the very next poll, behind a forged one', () => {
  it('keeps an event from being believed', async () => {
    const backend = await loadNodeUnixSocket('abstract');
    const name = `gate-${process.pid}`;
    const stage = new Stage();
    const onError = (error: Error): void => void stage.failures.push(error);
    const ours = backend.bind(name, { onDatagram: (bytes) => stage.gate.receive(bytes), onError });
    const theirs = backend.bind(`${name}-tx`, { onDatagram: () => undefined, onError });
    stage.onCount = () => {
      stage.onCount = () => undefined;
      theirs.send(event(1), name);
    };
    stage.counted = 1;
    theirs.send(event(9), name);
    await waitUntil('it has ended', () => stage.failures.length > 0 || stage.seen.length > 0, SOON);
    for (const socket of [ours, theirs]) socket.close();
    expect([stage.seen, stage.failures]).toEqual([[], [security]]);
  });

  it('keeps an answer from being believed', async () => {
    const backend = await loadNodeUnixSocket('abstract');
    const name = `answer-${process.pid}`;
    const failures: unknown[] = [];
    const onError = (error: Error): void => void failures.push(error);
    const theirs = backend.bind(`${name}-tx`, { onDatagram: () => undefined, onError });
    let request = Buffer.alloc(0);
    let answers = 0;
    const control: BatchCounters = {
      flowControl: () => 0,
      startBatch: () => undefined,
      endBatch: () => undefined,
      requestsTaken: () => 1,
      responsesSent: () => {
        answers += 1;
        if (answers === 1) theirs.send(answerFake(request), name);
        return 1;
      },
    };
    const pipeline: DatagramPipeline = new DatagramPipeline(
      control,
      { inFlight: 9, sendBufferSize: 200_000, maxMessageSize: 65_535 },
      (bytes) => {
        request = Buffer.from(bytes);
        theirs.send(answerFake(request), name); // the forged one
      },
      (cause) => {
        failures.push(cause);
        pipeline.stop(gone(cause));
      },
    );
    const ours = backend.bind(name, { onDatagram: (bytes) => pipeline.receive(bytes), onError });
    const call = new PendingCall(new FakeRequest(1), { timeoutMs: 5000 });
    pipeline.submit(call as PendingCall);
    await expect(call.promise).rejects.toMatchObject({ code: 'CS_ERR_SECURITY' });
    for (const socket of [ours, theirs]) socket.close();
    expect(failures).toEqual([security]);
  });
});
