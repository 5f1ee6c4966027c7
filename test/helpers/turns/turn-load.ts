import type { CmapClient } from '../../../src/index.ts';

/** Enough keys for a list to be several batches. */
export const KEYS = 200;
export const keyOf = (number: number): string => `turns.k${String(number).padStart(4, '0')}`;

export async function setKeys(client: CmapClient): Promise<void> {
  await Promise.all(Array.from({ length: KEYS }, (_, number) => client.setUint8(keyOf(number), 1)));
}

/** Deletes and sets again five of the keys at which lists rest. Resolves with how often one was not there when it was deleted. */
export async function change(client: CmapClient, from: number, isOver: () => boolean): Promise<number> {
  let lost = 0;
  for (let round = 0; !isOver(); round++) {
    const changed = keyOf(from + (round % 5));
    const deleted = (): Promise<void> =>
      client.delete(changed).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'CS_ERR_NOT_EXIST')) throw error;
        lost += 1;
      });
    await Promise.all([deleted(), client.setUint8(changed, 1), deleted(), client.setUint8(changed, 2)]);
  }
  return lost;
}

/**
 * Resolves with how many lists were made.
 * @param changing how many change keys: each has one away at a time
 */
export async function list(client: CmapClient, changing: number, isOver: () => boolean): Promise<number> {
  let lists = 0;
  for (; !isOver(); lists++) {
    const found: string[] = [];
    for await (const info of client.keys('turns.')) found.push(info.key);
    if (found.length < KEYS - changing) throw new Error(`a list has ${found.length} of ${KEYS} keys`);
    if (new Set(found).size !== found.length) throw new Error('a list has a key twice');
  }
  return lists;
}
