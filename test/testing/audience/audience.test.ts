import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../../src/testing/audience/audience.ts';
import type { ServerConnection } from '../../../src/testing/server/server-connection.ts';
import type { ServedService } from '../../../src/testing/server/service.ts';

const SERVICE = {
  name: 'cmap',
  subjectOf: () => ({}),
  eventSubject: () => ({}),
  open: () => ({ handle: () => undefined, close: () => undefined }),
} as unknown as ServedService<ServerConnection>;
const WAITING = { running: true, done: () => true, tell: () => undefined, events: () => 0, settleMs: 0 };

let now: number;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** The looks that were taken at a client, which has taken what it was told where that is said, and 50 ms pass with each. */
async function looksUntilCaughtUp(hasTaken: (look: number) => boolean): Promise<number> {
  let looks = 0;
  const client = {
    number: 7,
    serviceName: 'cmap',
    get atRest(): boolean {
      now += 50;
      return hasTaken((looks += 1));
    },
  };
  const audience = new Audience();
  audience.hear(SERVICE).open(client as unknown as ServerConnection);
  await audience.caughtUp(WAITING);
  return looks;
}

describe('clients of a fake', () => {
  it('have caught up when all was taken, some times in a row', async () => {
    expect(await looksUntilCaughtUp((look) => look > 10)).toBeLessThan(20);
  });

  it('stand still where one takes nothing for two seconds', async () => {
    await expect(looksUntilCaughtUp(() => false)).rejects.toThrow(
      'client 7, of cmap, has not taken for 2000 ms what it was told: it stands still',
    );
    expect(now).toBeLessThan(3000);
  });

  it.each([0, 1, 2])(
    'do not stand still where one takes what it is told, however much that is: %d',
    async (when) => {
      expect(await looksUntilCaughtUp((look) => look % 3 === when)).toBeGreaterThan(30);
    },
  );
});
