import { describe, expect, it } from 'vitest';
import { listKeys } from '../../../src/cmap/iteration/list-keys.ts';
import { IterInitRequest } from '../../../src/codec/cmap/iterate.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';
import { CsError } from '../../../src/errors/index.ts';
import { AS_DATAGRAMS, AS_RINGS, FakeIteration } from '../../helpers/fake/fake-iteration.ts';

const VALUE: CmapValue = { type: 'uint8', value: 1 };

function mapOf(count: number, mostTogether: number): FakeIteration {
  const calls = new FakeIteration(
    Array.from({ length: count }, (_, i) => [`k.${String(i).padStart(6, '0')}`, VALUE]),
  );
  calls.mostTogether = mostTogether;
  return calls;
}

/** What went to corosync, in short: each list begins with `init`. */
function exchange(calls: FakeIteration): string[] {
  const short: string[] = [];
  let nexts = 0;
  for (const call of [...calls.log, 'end']) {
    if (call === 'next') nexts += 1;
    else {
      if (nexts > 0) short.push(`${nexts} next`);
      nexts = 0;
      if (call !== 'end') short.push(call.split(' ')[0] ?? '');
    }
  }
  calls.log.length = 0;
  return short;
}

describe('a list', () => {
  it('of a map of the usual size goes out at once, with the finalize behind it', async () => {
    for (const length of [0, 3, 126]) {
      const calls = mapOf(length, AS_RINGS);
      expect(await listKeys(calls, 'k.')).toHaveLength(length);
      expect(exchange(calls)).toEqual(['init', '127 next', 'finalize']);
    }
  });

  it('asks for as many keys as there were the last time, and a few more', async () => {
    const calls = mapOf(100, AS_RINGS);
    await listKeys(calls, 'k.');
    exchange(calls);
    for (const added of [0, 19]) {
      for (let i = 0; i < added; i++) calls.map.set(`k.added${i}`, VALUE);
      expect(await listKeys(calls, 'k.')).toHaveLength(100 + added);
      expect(exchange(calls)).toEqual(['init', '120 next', 'finalize']);
    }
  });

  it('that did not reach the end begins anew, with more, so that no iterator waits for us', async () => {
    const calls = mapOf(1000, AS_RINGS);
    expect(await listKeys(calls, 'k.')).toHaveLength(1000);
    expect(exchange(calls)).toEqual(['init', '127 next', 'finalize', 'init', '1016 next', 'finalize']);
    expect(await listKeys(calls, 'k.')).toHaveLength(1000);
    expect(exchange(calls)).toEqual(['init', '1133 next', 'finalize']);
  });

  it('that ends with the last key asked for begins anew: more may follow', async () => {
    const calls = mapOf(127, AS_RINGS);
    expect(await listKeys(calls, 'k.')).toHaveLength(127);
    expect(exchange(calls)).toEqual(['init', '127 next', 'finalize', 'init', '1016 next', 'finalize']);
  });

  it('that no batch can hold takes as few as possible', async () => {
    const calls = mapOf(10_000, AS_RINGS);
    expect(await listKeys(calls, 'k.')).toHaveLength(10_000);
    // Eight times as many as the last time, in vain, and then a batch more.
    expect(exchange(calls).slice(-3)).toEqual(['init', `${8 * 1016 + AS_RINGS} next`, 'finalize']);
    expect(await listKeys(calls, 'k.')).toHaveLength(10_000);
    expect(exchange(calls)).toEqual(['init', `${3 * AS_RINGS} next`, 'finalize']);
    calls.map.delete('k.000000');
    for (let more = 0; more < 200; more++) calls.map.set(`k.more${more}`, VALUE);
    expect(await listKeys(calls, 'k.')).toHaveLength(10_199);
    // All that are expected are asked for in three batches and a small one.
    expect(exchange(calls)).toEqual(['init', `${10_000 + 8 + 1250} next`, 'finalize']);
  });

  it('over datagrams, which carry few requests at a time, asks past the end for no more than these', async () => {
    const calls = mapOf(3, AS_DATAGRAMS);
    await listKeys(calls, 'k.');
    expect(exchange(calls)).toEqual(['init', '9 next', 'finalize']);
    const longer = mapOf(100, AS_DATAGRAMS);
    await listKeys(longer, 'k.');
    expect(exchange(longer)).toEqual(['init', '108 next', 'finalize']);
  });

  it('that fills a batch has no room for its finalize, and goes on where it would begin anew', async () => {
    const filling = mapOf(200, 127);
    expect(await listKeys(filling, 'k.')).toHaveLength(200);
    expect(exchange(filling)).toEqual(['init', `${2 * 127} next`, 'finalize']);
    const fitting = mapOf(200, 128);
    expect(await listKeys(fitting, 'k.')).toHaveLength(200);
    expect(exchange(fitting).slice(0, 4)).toEqual(['init', '127 next', 'finalize', 'init']);
  });

  it('asks for its first keys in the turn in which it has begun: nothing may come between', async () => {
    const calls = mapOf(3, AS_RINGS);
    const between = calls.submit.bind(calls);
    calls.submit = async (message, options) =>
      between(message, {
        ...options,
        onAnswer: (answer) => {
          const asked = calls.log.length;
          options?.onAnswer?.(answer);
          if (message instanceof IterInitRequest) expect(calls.log.slice(asked, asked + 1)).toEqual(['next']);
        },
      });
    expect(await listKeys(calls, 'k.')).toHaveLength(3);
    expect.assertions(2);
  });

  it('of more keys than were kept for a slow reader is no other: it is whole before anybody reads', async () => {
    const calls = mapOf(70_000, AS_RINGS);
    expect(await listKeys(calls, 'k.')).toHaveLength(70_000);
    expect(calls.log.filter((call) => call === 'finalize')).toHaveLength(3);
    expect(calls.log.at(-1)).toBe('finalize');
  });

  it('without end is asked for no more than the most that there may be', async () => {
    const endless = mapOf(1000, AS_DATAGRAMS);
    // What is expected at first, and one batch more.
    const most = 127 + AS_DATAGRAMS;
    await expect(listKeys(endless, 'k.', most)).rejects.toMatchObject({ code: 'CS_ERR_TOO_BIG' });
    expect(exchange(endless)).toEqual(['init', `${most} next`, 'finalize']);
  });

  it('that is whole is not given to who has given up, while its finalize is waited for', async () => {
    const reasons = [new Error('enough'), new CsError('CS_ERR_TIMEOUT', { operation: 'cmap_iter_finalize' })];
    for (const reason of reasons) {
      const calls = mapOf(3, AS_RINGS);
      calls.before = (call) => {
        if (call === 'finalize') throw reason;
      };
      await expect(listKeys(calls, 'k.')).rejects.toBe(reason);
    }
  });

  it('without end is given up, and says so', async () => {
    for (const endless of [
      mapOf(1000, AS_DATAGRAMS),
      Object.assign(mapOf(1, AS_DATAGRAMS), { endless: true }),
    ]) {
      await expect(listKeys(endless, 'k.', 500)).rejects.toMatchObject({
        code: 'CS_ERR_TOO_BIG',
        key: 'k.',
        message: expect.stringMatching(/500 keys or more start with this prefix: list longer/) as string,
      });
      expect(endless.log.at(-1)).toBe('finalize');
      expect(endless.log.filter((call) => call === 'next').length).toBeLessThan(520);
    }
  });
});
