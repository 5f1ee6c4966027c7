import { describe, expect, it } from 'vitest';
import { CmapClient, type CmapValue } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';

const KEYS = 600;
const entries = Object.fromEntries(
  Array.from({ length: KEYS }, (_, i): [string, CmapValue] => [
    `k.${String(i).padStart(4, '0')}`,
    { type: 'uint16', value: i },
  ]),
);

async function onFake(use: (client: CmapClient) => Promise<void>): Promise<void> {
  const fake = await FakeCorosync.start({ entries });
  try {
    await use(await CmapClient.connect(fake.connectOptions));
  } finally {
    await fake.stop();
  }
}

describe('an iteration, when its client is closed', () => {
  it.each(['keys', 'entries'] as const)('of %s ends at its next request', (name) =>
    onFake(async (client) => {
      const collecting = collect<unknown>(client[name]('k.'));
      const closing = client.close();
      await expect(collecting).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      await closing;
    }),
  );

  it('gives the keys that have been fetched', () =>
    onFake(async (client) => {
      const reading = client.keys('k.');
      await reading.next();
      await client.close();
      expect(await collect(reading)).toHaveLength(KEYS - 1);
    }));

  it('does not begin', () =>
    onFake(async (client) => {
      const closing = client.close();
      await expect(collect(client.keys())).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      await closing;
    }));
});
