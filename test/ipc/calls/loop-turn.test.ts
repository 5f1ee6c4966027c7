import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoopTurn } from '../../../src/ipc/calls/loop-turn.ts';
import { WAIT } from '../../../src/ipc/calls/wait-ladder.ts';

describe('LoopTurn', () => {
  let now: number;
  let over: boolean;
  beforeEach(() => {
    now = 0;
    over = false;
  });
  afterEach(() => {
    over = true;
  });

  /** A connection whose caller asks again as soon as it has its answer, each of which takes `ms`. */
  function connection(loop: LoopTurn, name: string, ms: number, served: string[], count = Infinity): void {
    const step = (): void => {
      now += ms;
      served.push(name);
      const again = async (): Promise<void> => {
        for (let i = 0; i < 10; i++) await Promise.resolve();
        if (--count > 0 && !over) loop.enqueue(step);
      };
      void again();
    };
    loop.enqueue(step);
  }

  it('serves when the callers of this turn are done, in the order in which they came', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    for (const name of ['a', 'b', 'c']) connection(loop, name, 0, served, 1);
    expect(served).toEqual([]);
    await Promise.resolve();
    expect(served).toEqual(['a']);
    await turn();
    expect(served).toEqual(['a', 'b', 'c']);
  });

  it('lets the event loop turn when the connections together have had their share, however many they are', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    for (let i = 0; i < 200; i++) connection(loop, String(i), WAIT.turnMs / 4, served);
    for (let turns = 1; turns <= 20; turns++) {
      const before = now;
      await turn();
      expect(now - before).toBeLessThanOrEqual(WAIT.turnMs);
    }
    expect(served.length).toBeGreaterThan(4 * 10);
  });

  it('serves at least one in the turn in which it was called, however long its caller takes', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    for (const name of ['a', 'b']) connection(loop, name, WAIT.turnMs, served, 1);
    now += 1000;
    await Promise.resolve();
    expect(served).toEqual(['a']);
  });

  it('stays with one connection for a moment, and then serves those that wait before it comes again', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    for (const name of ['a', 'b', 'c']) connection(loop, name, WAIT.connectionMs / 2, served);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(served.slice(0, 12).join('')).toBe('aabbccaabbcc');
  });

  it('never passes over one that waits, whatever the others do', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    connection(loop, 'greedy', WAIT.turnMs, served);
    for (let i = 0; i < 5; i++) connection(loop, String(i), WAIT.turnMs, served);
    for (let turns = 0; turns < 30; turns++) await turn();
    for (const name of ['greedy', '0', '1', '2', '3', '4'])
      expect(served.filter((one) => one === name).length).toBeGreaterThanOrEqual(3);
  });

  it('goes on although a step throws', async () => {
    const loop = new LoopTurn(() => now);
    const served: string[] = [];
    const caught: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => caught.push(error));
    try {
      loop.enqueue(() => {
        throw new Error('of a listener');
      });
      connection(loop, 'next', 0, served, 1);
      await turn();
      await turn();
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect(caught).toHaveLength(1);
    expect(served).toEqual(['next']);
  });
});
