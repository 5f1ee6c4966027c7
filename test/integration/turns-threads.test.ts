import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { change, keyOf, KEYS, setKeys } from '../helpers/turns/turn-load.ts';
import { TurnThread } from '../helpers/turns/turn-thread.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';

/** Without turns, corosync crashes within half a second of this, and keys vanish. */
const MS = 3000;
/** Corosync sets it again while it tells its trackers. */
const CRASHING = 'quorum.cancel_wait_for_all';
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

    it('of keys at which corosync would crash are refused beside trackers of other threads, and the other way round', async () => {
      const here = await suite.connect();
      const [one, two] = [await TurnThread.start(), await TurnThread.start()];
      expect(await one.do({ do: 'track', key: 'quorum.' })).toBe('CS_OK');
      expect(await two.do({ do: 'set', key: CRASHING })).toMatch(
        /^CS_ERR_BUSY .*worker thread \d+ of this process has one/,
      );
      await expect(here.setUint8(CRASHING, 1)).rejects.toMatchObject({ code: 'CS_ERR_BUSY', sent: 'no' });
      await one.do({ do: 'close' });
      expect(await two.do({ do: 'set', key: CRASHING })).toBe('CS_OK');
      const tracker = await here.track('', { prefix: true });
      expect(await two.do({ do: 'set', key: CRASHING })).toMatch(/^CS_ERR_BUSY/);
      await tracker.close();
      expect(await two.do({ do: 'set', key: CRASHING })).toBe('CS_OK');
      await Promise.all([one, two].map((thread) => thread.terminate()));
    });

    it('of keys at which corosync would crash are allowed when the thread that tracked them has ended', async () => {
      const here = await suite.connect();
      const thread = await TurnThread.start();
      await here.setUint8(CRASHING, 0);
      expect(await thread.do({ do: 'track', key: 'quorum.' })).toBe('CS_OK');
      await expect(here.setUint8(CRASHING, 1)).rejects.toMatchObject({ code: 'CS_ERR_BUSY' });
      await thread.terminate();
      await waitUntil('it is allowed', () =>
        here.setUint8(CRASHING, 1).then(
          () => true,
          () => false,
        ),
      );
    });
  },
  {},
  // The packages for datagram sockets do not run in worker threads.
  ['shared-memory'],
);
