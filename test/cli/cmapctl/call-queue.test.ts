import { describe, expect, it } from 'vitest';
import { CallQueue } from '../../../src/cli/cmapctl/call-queue.ts';

const nobody = (): void => expect.unreachable();

describe('CallQueue', () => {
  it('asks for a drain when 512 are under way, and not before', async () => {
    const queue = new CallQueue();
    const due = Array.from({ length: 513 }, () => queue.add(Promise.resolve(), nobody));
    expect(due.indexOf(true)).toBe(511);
    await queue.drain();
    expect(queue.add(Promise.resolve(), nobody)).toBe(false);
  });

  it('waits for all calls, also for those that are added meanwhile', async () => {
    const queue = new CallQueue();
    const finished: string[] = [];
    let finish: () => void = () => undefined;
    queue.add(new Promise<void>((resolve) => (finish = resolve)), nobody);
    const drained = queue.drain().then(() => finished.push('drained'));
    queue.add(
      new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => void finished.push('late')),
      nobody,
    );
    finish();
    await drained;
    expect(finished).toEqual(['late', 'drained']);
    await queue.drain();
  });

  it('looks at failures in the order of the calls, whichever failed first', async () => {
    const queue = new CallQueue();
    const seen: unknown[] = [];
    const looked = (error: unknown): void => void seen.push(error);
    let reject: (reason: Error) => void = () => undefined;
    const [first, second] = [new Error('first'), new Error('second')];
    queue.add(new Promise<void>((_, onReject) => (reject = onReject)), looked);
    queue.add(Promise.resolve(), nobody);
    queue.add(Promise.reject(second), looked);
    setTimeout(() => reject(first), 5);
    await queue.drain();
    expect(seen).toEqual([first, second]);
    await queue.drain();
    expect(seen).toHaveLength(2);
  });

  it('ends at the first failure that throws', async () => {
    const queue = new CallQueue();
    const error = new Error('no');
    const failed = (reason: unknown): never => {
      throw reason as Error;
    };
    queue.add(Promise.reject(error), failed);
    queue.add(Promise.reject(new Error('later')), nobody);
    await expect(queue.drain()).rejects.toBe(error);
  });
});
