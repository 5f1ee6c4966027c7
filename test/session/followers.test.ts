import { describe, expect, it } from 'vitest';
import { ConnectionError, CsError } from '../../src/errors/index.ts';
import { Followers } from '../../src/session/followers.ts';

interface Told {
  readonly ended: (Error | undefined)[];
  readonly lost: ConnectionError[];
  readonly destroyed: (Error | undefined)[];
}

/** What becomes of a follower and its connection when attaching ends so. */
async function attached(attach: () => Promise<void>): Promise<Told> {
  const told: Told = { ended: [], lost: [], destroyed: [] };
  const followers = new Followers<{ destroy(error?: Error): void }>();
  const driver = {
    attach,
    lost: (error: ConnectionError) => void told.lost.push(error),
    end: (error?: Error) => void told.ended.push(error),
  };
  followers.add(driver, driver, undefined);
  await followers.restore({ destroy: (error) => void told.destroyed.push(error) });
  return told;
}

describe('a follower that cannot be brought up to date', () => {
  it.each(['CS_ERR_NOT_EXIST', 'CS_ERR_INVALID_PARAM'] as const)(
    'ends where corosync refuses it: %s',
    async (code) => {
      const refusal = new CsError(code, { operation: 'cmap_track_add' });
      expect(await attached(() => Promise.reject(refusal))).toEqual({
        ended: [refusal],
        lost: [],
        destroyed: [],
      });
    },
  );

  it.each([
    new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_track_add' }),
    new CsError('CS_ERR_NO_RESOURCES', { operation: 'cmap_track_add' }),
    new ConnectionError('CS_ERR_NOT_EXIST', { operation: 'connection' }),
    new Error('a mistake'),
  ])('goes on with the next connection after %s', async (error) => {
    expect(await attached(() => Promise.reject(error))).toEqual({ ended: [], lost: [], destroyed: [error] });
  });
});

describe('a follower that has been removed', () => {
  it('hears nothing more', async () => {
    const followers = new Followers<{ destroy(error?: Error): void }>();
    const heard: string[] = [];
    const driver = {
      attach: () => Promise.resolve(void heard.push('attach')),
      lost: () => void heard.push('lost'),
      end: () => void heard.push('end'),
    };
    const [kept, removed] = [{}, {}];
    followers.add(kept, driver, undefined);
    followers.add(removed, driver, undefined);
    followers.remove(removed);
    await followers.restore({ destroy: () => undefined });
    followers.lost(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }));
    followers.end();
    expect(heard).toEqual(['attach', 'lost', 'end']);
  });
});
