import { describe, expect, it } from 'vitest';
import { StatusStream } from '../../src/session/status-stream.ts';

const connecting = (attempt: number) => ({ state: 'connecting', attempt }) as const;

async function readAll<E>(events: AsyncIterable<E>): Promise<E[]> {
  const all: E[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('the statuses of a session', () => {
  it('begin with the present one, for each reader, and end after closed', async () => {
    const stream = new StatusStream(connecting(1));
    const first = readAll(stream.read());
    stream.push(connecting(2));
    const second = readAll(stream.read());
    stream.push({ state: 'closed' });
    expect(await first).toEqual([connecting(1), connecting(2), { state: 'closed' }]);
    expect(await second).toEqual([connecting(2), { state: 'closed' }]);
    expect(await readAll(stream.read())).toEqual([{ state: 'closed' }]);
  });

  it('tell a reader that is far behind how many it has missed, once', async () => {
    const stream = new StatusStream(connecting(0));
    const reader = stream.read()[Symbol.asyncIterator]();
    for (let i = 1; i <= 1030; i++) stream.push(connecting(i));
    expect(await reader.next()).toEqual({ done: false, value: { ...connecting(7), skipped: 7 } });
    expect(await reader.next()).toEqual({ done: false, value: connecting(8) });
    stream.push({ state: 'closed' });
    const rest = await readAll({ [Symbol.asyncIterator]: () => reader });
    expect(rest).toHaveLength(1023);
    expect(rest.at(-1)).toEqual({ state: 'closed' });
  });

  it('tell again that all is up to date only if it has changed whether notifications wait', async () => {
    const stream = new StatusStream(connecting(1));
    const told = readAll(stream.read());
    const [calm, behind] = [{ state: 'resynced' }, { state: 'resynced', behind: true }] as const;
    for (const status of [calm, calm, behind, behind, calm, { state: 'closed' } as const])
      stream.push(status);
    expect(await told).toEqual([connecting(1), calm, behind, calm, { state: 'closed' }]);
  });

  it('are no longer kept for a reader that has left', async () => {
    const stream = new StatusStream(connecting(1));
    for await (const status of stream.read()) {
      expect(status).toEqual(connecting(1));
      break;
    }
    stream.push(connecting(2));
    const reader = stream.read()[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: connecting(2) });
    await reader.return?.();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
