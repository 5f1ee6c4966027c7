import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { change, keyOf, KEYS, setKeys } from '../helpers/turns/turn-load.ts';
import { TurnThread } from '../helpers/turns/turn-thread.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';

/** Without turns, corosync crashes within half a second of this, and keys vanish. */
const MS = 3000;
const ROUNDS = 3;

describeOnCorosync(
  'lists beside changes of one process',
  (suite) => {
    it('in several threads never meet', async () => {
      const writer = await suite.connect();
      await setKeys(writer);
      const threads = await Promise.all([TurnThread.start(), TurnThread.start(), TurnThread.start()]);
      const [one, two, three] = threads;
      const until = Date.now() + MS;
      const [lists, more, lost, lostToo] = await Promise.all([
        one.do({ do: 'list', changing: 2, until }),
        two.do({ do: 'list', changing: 2, until }),
        three.do({ do: 'change', from: 120, until }),
        change(writer, 125, () => Date.now() > until),
      ]);
      expect([lost, lostToo]).toEqual([0, 0]);
      expect(Math.min(Number(lists), Number(more))).toBeGreaterThan(3);
      await Promise.all(threads.map((thread) => thread.do({ do: 'close' })));
      await Promise.all(threads.map((thread) => thread.terminate()));
      // What was set is there.
      for (let number = 0; number < KEYS; number++) await writer.get(keyOf(number));
    });

    it('and threads that are ended in the middle of a list never meet', async () => {
      const writer = await suite.connect();
      await setKeys(writer);
      let isOver = false;
      const endThreads = async (): Promise<void> => {
        for (let round = 0; round < ROUNDS; round++) {
          const thread = await TurnThread.start();
          void thread.do({ do: 'list', changing: 1, until: Infinity });
          await sleep(20 + round);
          await thread.terminate();
        }
      };
      const changing = change(writer, 125, () => isOver);
      await Promise.all([endThreads(), endThreads()]);
      isOver = true;
      expect(await changing).toBe(0);
    });
  },
  {},
  // The packages for datagram sockets do not run in worker threads.
  ['shared-memory'],
);
