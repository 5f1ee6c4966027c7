import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { iterateEntries, iterateKeys, type CmapEntry } from '../../../src/cmap/iteration/iterate.ts';
import type { CmapKeyInfo } from '../../../src/codec/cmap/iterate.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';
import { CsError } from '../../../src/errors/index.ts';
import { FakeIteration } from '../../helpers/fake/fake-iteration.ts';

const value = (number: number): CmapValue => ({ type: 'int32', value: number });
const mapOf = (count: number): FakeIteration =>
  new FakeIteration(Array.from({ length: count }, (_, i) => [`k.${String(i).padStart(4, '0')}`, value(i)]));

async function collect<T>(iteration: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iteration) all.push(item);
  return all;
}
const count = (calls: FakeIteration, call: string): number =>
  calls.log.filter((name) => name === call).length;
const finalizedOnce = (calls: FakeIteration): void => {
  expect(count(calls, 'finalize')).toBe(1);
};
const finalizedOnceAndLast = (calls: FakeIteration): void => {
  expect(count(calls, 'finalize')).toBe(1);
  expect(calls.log.at(-1)).toBe('finalize');
};

const unhandled = vi.fn();
beforeEach(() => {
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  await turn();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
  unhandled.mockClear();
});

describe.each([0, 1, 7, 8, 9, 15, 16, 23, 24, 25, 100, 500])('of %d keys', (length) => {
  it('keys come sorted, each once, and the iterator is finalized', async () => {
    const calls = mapOf(length);
    const keys = await collect(iterateKeys(calls, 'k.'));
    expect(keys).toEqual(
      [...calls.map.keys()].map((key): CmapKeyInfo => ({ key, type: 'int32', valueLength: 4 })),
    );
    finalizedOnceAndLast(calls);
  });

  it('entries come with their values', async () => {
    const calls = mapOf(length);
    const entries = await collect(iterateEntries(calls, 'k.'));
    expect(entries).toEqual([...calls.map].map(([key, stored]): CmapEntry => ({ key, value: stored })));
    expect(calls.log.filter((call) => call.startsWith('get'))).toHaveLength(length);
    finalizedOnce(calls);
  });
});

describe('an iteration', () => {
  it('asks for nothing before it is begun', () => {
    const calls = mapOf(5);
    iterateKeys(calls, 'k.');
    iterateEntries(calls, 'k.');
    expect(calls.log).toEqual([]);
  });

  it('that is ended before it is begun asks for nothing at all', async () => {
    const calls = mapOf(5);
    await iterateKeys(calls, 'k.').return();
    expect(calls.log).toEqual([]);
  });

  it('passes on the prefix', async () => {
    const calls = mapOf(5);
    expect(await collect(iterateKeys(calls, 'none'))).toEqual([]);
    expect(calls.log[0]).toBe('init none');
  });

  it.each([5, 500])('of %d keys has finalized before its reader gets the first', async (length) => {
    for (const iterate of [iterateKeys, iterateEntries]) {
      const calls = mapOf(length);
      const items: AsyncGenerator = iterate(calls, 'k.');
      await items.next();
      finalizedOnce(calls);
      expect(calls.log.slice(calls.log.indexOf('finalize'))).not.toContain('next');
      await items.return(undefined);
    }
  });

  it('gives a key once that corosync gives twice, as it does if one is added beside it', async () => {
    for (const iterate of [iterateKeys, iterateEntries]) {
      const calls = mapOf(20);
      calls.repeat = new Set(['k.0003', 'k.0007', 'k.0008', 'k.0019']);
      const keys = [];
      for await (const { key } of iterate(calls, 'k.')) keys.push(key);
      expect(keys).toEqual([...calls.map.keys()]);
    }
  });

  it.each([1, 8, 9, 30])('that is left after %d items finalizes', async (items) => {
    for (const iterate of [iterateKeys, iterateEntries]) {
      const calls = mapOf(100);
      let seen = 0;
      for await (const item of iterate(calls, 'k.')) {
        expect(item.key).toMatch(/^k\./);
        if (++seen === items) break;
      }
      finalizedOnce(calls);
    }
  });

  it('that is left by an exception finalizes', async () => {
    const calls = mapOf(100);
    const reading = async (): Promise<void> => {
      for await (const { key } of iterateKeys(calls, 'k.')) throw new Error(`mine at ${key}`);
    };
    await expect(reading()).rejects.toThrow('mine at k.0000');
    finalizedOnceAndLast(calls);
  });

  it('that cannot begin has nothing to finalize', async () => {
    const calls = mapOf(5);
    const error = new CsError('CS_ERR_NO_RESOURCES', { operation: 'cmap_iter_init' });
    calls.before = () => {
      throw error;
    };
    await expect(collect(iterateKeys(calls, 'k.'))).rejects.toBe(error);
    expect(calls.log).toEqual(['init k.']);
  });

  it.each([1, 5, 8, 9, 20, 30])(
    'that fails at the key number %d reports it and finalizes',
    async (failing) => {
      for (const iterate of [iterateKeys, iterateEntries]) {
        const calls = mapOf(100);
        const error = new CsError('CS_ERR_BAD_HANDLE', { operation: 'cmap_iter_next' });
        let nexts = 0;
        calls.before = (call) => {
          if (call === 'next' && ++nexts === failing) throw error;
        };
        const items: AsyncIterable<unknown> = iterate(calls, 'k.');
        await expect(collect(items)).rejects.toBe(error);
        finalizedOnceAndLast(calls);
      }
    },
  );

  it('that fails in finalize does not fail for that', async () => {
    const calls = mapOf(5);
    calls.before = (call) => {
      if (call === 'finalize') throw new CsError('CS_ERR_BAD_HANDLE', { operation: 'cmap_iter_finalize' });
    };
    expect(await collect(iterateKeys(calls, 'k.'))).toHaveLength(5);
  });

  it('that fails does not wait for its finalize', async () => {
    const calls = mapOf(100);
    const error = new CsError('CS_ERR_TIMEOUT', { operation: 'cmap_iter_next' });
    calls.before = (call) => {
      if (call !== 'next') return;
      calls.gate = new Promise(() => undefined); // from here on nothing is answered
      throw error;
    };
    await expect(collect(iterateKeys(calls, 'k.'))).rejects.toBe(error);
    finalizedOnceAndLast(calls);
  });

  it('gives the first failure if several fail', async () => {
    const calls = mapOf(100);
    calls.before = (call) => {
      if (call === 'next' || call === 'finalize') throw new Error(call);
    };
    await expect(collect(iterateEntries(calls, 'k.'))).rejects.toThrow('next');
    finalizedOnceAndLast(calls);
  });

  it('that is aborted rejects with the reason and finalizes', async () => {
    const calls = mapOf(500);
    const reason = new Error('enough');
    let aborted = false;
    calls.before = (call) => {
      if (aborted && call !== 'finalize') throw reason;
    };
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { key } of iterateEntries(calls, 'k.')) {
        seen.push(key);
        aborted = true;
      }
    };
    await expect(reading()).rejects.toBe(reason);
    expect(seen.length).toBeLessThan(500);
    finalizedOnce(calls);
  });

  it.each([1, 100, 300])(
    'that is aborted at item %d gives no more, whatever the reason looks like',
    async (last) => {
      for (const iterate of [iterateKeys, iterateEntries]) {
        const calls = mapOf(500);
        const reason = new CsError('CS_ERR_NOT_EXIST', { operation: 'of the caller' });
        const giveUp = new AbortController();
        calls.signal = giveUp.signal;
        calls.before = (call) => {
          if (call !== 'finalize') giveUp.signal.throwIfAborted();
        };
        let seen = 0;
        const reading = async (): Promise<void> => {
          for await (const { key } of iterate(calls, 'k.'))
            if (key !== '' && ++seen === last) giveUp.abort(reason);
        };
        await expect(reading()).rejects.toBe(reason);
        expect(seen).toBe(last);
        finalizedOnce(calls);
      }
    },
  );

  it('that was given up while it began gives the late handle back', async () => {
    const calls = mapOf(5);
    const reason = new Error('enough');
    calls.before = (call) => {
      if (call.startsWith('init')) throw reason;
    };
    await expect(collect(iterateKeys(calls, 'k.'))).rejects.toBe(reason);
    calls.onLateHandle?.(4711n);
    expect(calls.log).toEqual(['init k.', 'finalize']);
  });
});

describe('entries', () => {
  it('leave out a key that is deleted meanwhile', async () => {
    const calls = mapOf(20);
    calls.before = (call) => {
      if (call === 'get k.0003') calls.map.delete('k.0003');
      if (call === 'get k.0012') calls.map.delete('k.0012');
    };
    const keys = (await collect(iterateEntries(calls, 'k.'))).map(({ key }) => key);
    expect(keys).toHaveLength(18);
    expect(keys).not.toContain('k.0003');
    expect(keys).not.toContain('k.0012');
  });

  it('leave out a key that is deleted between the two questions for a value that has grown', async () => {
    const calls = mapOf(3);
    const grown: CmapValue = { type: 'binary', value: new Uint8Array(5000) };
    calls.before = (call) => {
      if (call === 'get k.0001') calls.map.set('k.0001', grown);
      if (call === 'get k.0001 whole') calls.map.delete('k.0001');
    };
    expect((await collect(iterateEntries(calls, 'k.'))).map(({ key }) => key)).toEqual(['k.0000', 'k.0002']);
  });

  it('ask again for a value that has grown since the iterator told its size', async () => {
    const calls = mapOf(3);
    const grown: CmapValue = { type: 'string', value: 'x'.repeat(10_000) };
    calls.before = (call) => {
      if (call === 'get k.0001') calls.map.set('k.0001', grown);
    };
    const entries = await collect(iterateEntries(calls, 'k.'));
    expect(entries[1]).toEqual({ key: 'k.0001', value: grown });
    expect(count(calls, 'get k.0001 whole')).toBe(1);
  });

  it('ask once for values of any size', async () => {
    const calls = new FakeIteration([
      ['k.empty', { type: 'string', value: '' }],
      ['k.large', { type: 'binary', value: new Uint8Array(16_384) }],
      ['k.largest', { type: 'string', value: 'x'.repeat(16_384) }],
    ]);
    expect((await collect(iterateEntries(calls, 'k.'))).map((entry) => entry.value)).toEqual([
      ...calls.map.values(),
    ]);
    expect(calls.log.filter((call) => call.endsWith('whole'))).toEqual([]);
  });

  it('fail if a value cannot be read', async () => {
    const calls = mapOf(500);
    const error = new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_get' });
    calls.before = (call) => {
      if (call === 'get k.0200') throw error;
    };
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { key } of iterateEntries(calls, 'k.')) seen.push(key);
    };
    await expect(reading()).rejects.toBe(error);
    expect(seen).toEqual([...calls.map.keys()].slice(0, 128));
    finalizedOnce(calls);
  });
});
