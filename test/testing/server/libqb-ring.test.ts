import { expect, it } from 'vitest';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';
import { Recorder, RecordingStorage } from '../../helpers/memory/recording-storage.ts';

const WORDS = 128;

it('marks a chunk as taken before it gives its place back: a fast writer may be there at once', () => {
  const recorder = new Recorder();
  const ring = new LibqbRing(new RecordingStorage('request', new MemoryRing(WORDS), recorder));
  ring.write(Buffer.alloc(32, 1));
  const before = recorder.writes.length;
  ring.take();
  expect(recorder.writes.slice(before)).toEqual([
    { to: 'request', what: 'semaphore', value: 0 },
    { to: 'request', what: 'data', offset: 0, length: 8 },
    { to: 'request', what: 'read_pt', value: 10 },
  ]);
});

it('lets a chunk count as one only when the write pointer is behind it, and posts it last', () => {
  const recorder = new Recorder();
  const memory = new MemoryRing(WORDS);
  const ring = new LibqbRing(new RecordingStorage('event', memory, recorder));
  const seen: string[] = [];
  recorder.before = ({ what }) => {
    const magic = Buffer.alloc(4);
    memory.readData(4, magic, 0, 4);
    seen.push(`${magic.toString('hex')} ${what}`);
  };
  ring.write(Buffer.alloc(32, 1));
  expect(seen.slice(1)).toEqual(['d0ce10a1 write_pt', 'd0ce10a1 data', 'a1a1a1a1 semaphore']);
});
