import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DatagramPipeline, type BatchCounters } from '../../../src/ipc/datagram/datagram-pipeline.ts';
import { PendingCall } from '../../../src/ipc/calls/pending-call.ts';
import { answerFake, FakeRequest } from '../../helpers/fake/fake-request.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { gone } from '../../helpers/corosync/gone.ts';

const LIMITS = { inFlight: 9, sendBufferSize: 200_000, maxMessageSize: 65_535 };

const SOON = { everyMs: 1 };

/** A pipeline whose server does what the test says. */
class Stage implements BatchCounters {
  flow = 0;
  counted = 0;
  taken = 0;
  readonly requests: Buffer[] = [];
  readonly failures: unknown[] = [];
  readonly settled: unknown[] = [];
  readonly pipeline: DatagramPipeline = new DatagramPipeline(
    this,
    LIMITS,
    (bytes) => void this.requests.push(Buffer.from(bytes)),
    (cause) => {
      this.failures.push(cause);
      this.pipeline.stop(gone(cause)); // what the connection does
    },
  );

  flowControl(): number {
    return this.flow;
  }

  startBatch(): void {
    this.counted = 0;
  }

  endBatch(): void {
    this.counted = 0;
  }

  requestsTaken(): number {
    return this.taken;
  }

  responsesSent(): number {
    return this.counted;
  }

  submit(number: number, timeoutMs = 5000): void {
    const call = new PendingCall(new FakeRequest(number), { timeoutMs });
    this.pipeline.submit(call as PendingCall);
    call.promise.then(
      (answer) => this.settled.push(answer),
      (error: unknown) => this.settled.push(error),
    );
  }

  answerAll(): void {
    const requests = this.requests.splice(0);
    this.counted = requests.length;
    for (const request of requests) this.pipeline.receive(answerFake(request));
  }
}

function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('DatagramPipeline', () => {
  it('gives the answers of a batch out once, though a look at flow control was still to come', async () => {
    const stage = new Stage();
    stage.flow = 1;
    stage.submit(0);
    await sleep(20); // by now it looks again every 8 or 16 ms
    stage.flow = 0;
    stage.submit(1);
    await Promise.resolve();
    expect(stage.requests).toHaveLength(2);
    stage.submit(2);
    await turn();
    stall(20);
    stage.answerAll();
    await waitUntil('the third has been sent', () => stage.requests.length === 1, SOON);
    expect(stage.settled).toEqual([0, 1]);
    await sleep(20);
    expect(stage.requests).toHaveLength(1);
    stage.answerAll();
    await waitUntil('the third is answered', () => stage.settled.length === 3, SOON);
    expect(stage.settled).toEqual([0, 1, 2]);
    expect(stage.failures).toEqual([]);
    stage.pipeline.stop(gone());
  });

  it('ends with a reason when corosync has taken every request and an answer is missing', async () => {
    const stage = new Stage();
    stage.submit(0, 1100);
    await sleep(1200);
    expect(stage.failures).toEqual([]); // it may still be at it
    stage.taken = 1;
    stage.submit(1, 10);
    await waitUntil('an answer is missed', () => stage.failures.length > 0, SOON);
    expect(stage.failures).toMatchObject([
      { message: expect.stringContaining('of its answers 1 did not come') as unknown },
    ]);
    stage.pipeline.stop(gone());
    expect(stage.settled).toHaveLength(2);
  });
});
