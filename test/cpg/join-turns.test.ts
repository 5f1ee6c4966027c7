import { expect, it } from 'vitest';
import { inJoinTurn } from '../../src/cpg/join-turns.ts';
import { Deferred } from '../../src/ipc/calls/deferred.ts';
import { collectGarbage } from '../helpers/memory/memory-garbage.ts';
import { waitUntil } from '../helpers/wait-until.ts';

it('Joins in turn keep nothing of those that are over, however many follow', async () => {
  const over: WeakRef<object>[] = [];
  const last = new Deferred<void>();
  const turn = async (gate?: Promise<void>): Promise<object> =>
    inJoinTurn(
      'chat',
      (before) => before,
      async () => {
        await gate;
        const view = {};
        over.push(new WeakRef(view));
        return view;
      },
    );
  for (let count = 0; count < 5; count += 1) void turn();
  const waiting = turn(last.promise);
  await waitUntil('five are over', () => over.length === 5);
  await collectGarbage();
  expect(over.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2);
  last.resolve();
  await waiting;
});
