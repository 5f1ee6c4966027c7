import { describe, expect, it } from 'vitest';
import { EventStream } from '../../src/cpg/event-stream.ts';

/** Each event is a message of that many bytes; an unread one counts 256 more. */
function streamOf(maxQueuedBytes: number): { stream: EventStream<number>; told: string[] } {
  const told: string[] = [];
  const stream = new EventStream<number>({ maxQueuedBytes, bytesOf: (bytes) => bytes });
  stream.watch({
    lagging: (lags) => void told.push(lags ? 'lags' : 'caught up'),
    overflowed: () => void told.push('overflowed'),
  });
  return { stream, told };
}

async function all(stream: EventStream<number>): Promise<number[]> {
  const events: number[] = [];
  for await (const event of stream.read('test')) events.push(event);
  return events;
}

describe('the events of a group', () => {
  it('are kept until they are read, also after the end', async () => {
    const { stream, told } = streamOf(10_000);
    for (const event of [1, 2, 3]) stream.push(event);
    stream.end();
    stream.push(4);
    expect(await all(stream)).toEqual([1, 2, 3]);
    expect(told).toEqual([]);
  });

  it('say when the reader lags, has caught up, and when there is no room', async () => {
    const { stream, told } = streamOf(8000);
    for (let i = 0; i < 4; i += 1) stream.push(744);
    expect(told).toEqual([]);
    stream.push(744);
    expect(told).toEqual(['lags']);
    const reader = stream.read('test');
    for (let i = 0; i < 2; i += 1) await reader.next();
    expect(told).toEqual(['lags']);
    await reader.next();
    expect(told).toEqual(['lags', 'caught up']);
    stream.push(8000);
    expect(told).toEqual(['lags', 'caught up', 'lags', 'overflowed']);
  });

  it('have one loop at a time, and the next one goes on where it was left', async () => {
    const { stream } = streamOf(10_000);
    for (const event of [1, 2, 3]) stream.push(event);
    for await (const event of stream.read('test')) {
      expect(event).toBe(1);
      expect(() => stream.read('test')).toThrow(expect.objectContaining({ code: 'CS_ERR_BUSY' }));
      break;
    }
    stream.end();
    expect(await all(stream)).toEqual([2, 3]);
  });

  it('end with the error that ended them, when all is read', async () => {
    const { stream } = streamOf(10_000);
    const reader = stream.read('test');
    const waiting = reader.next();
    stream.push(1);
    expect(await waiting).toEqual({ done: false, value: 1 });
    stream.push(2);
    stream.end(new Error('gone'));
    stream.end(new Error('not this one'));
    expect(await reader.next()).toEqual({ done: false, value: 2 });
    await expect(reader.next()).rejects.toThrow('gone');
  });

  it('have ended for every further loop, too', async () => {
    const { stream } = streamOf(10_000);
    stream.push(1);
    stream.end(new Error('gone'));
    await expect(all(stream)).rejects.toThrow('gone');
    await expect(all(stream)).rejects.toThrow('gone');
    const { stream: other } = streamOf(10_000);
    other.push(1);
    other.end();
    expect([await all(other), await all(other)]).toEqual([[1], []]);
  });

  it('do not come to a loop any more that was left', async () => {
    const { stream } = streamOf(10_000);
    for (const event of [1, 2]) stream.push(event);
    const left = stream.read('test');
    expect(await left.next()).toEqual({ done: false, value: 1 });
    await left.return?.();
    const reader = stream.read('test');
    expect(await left.next()).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: false, value: 2 });
  });

  it('go to a listener at once, and then to no loop', () => {
    const heard: number[] = [];
    const stream = new EventStream<number>({
      maxQueuedBytes: 300,
      bytesOf: (bytes) => bytes,
      listener: (event) => void heard.push(event),
    });
    for (const event of [1, 2]) stream.push(event);
    expect(heard).toEqual([1, 2]);
    expect(() => stream.read('test')).toThrow(expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM' }));
  });
});
