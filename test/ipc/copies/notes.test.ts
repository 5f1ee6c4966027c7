import { afterEach, describe, expect, it, vi } from 'vitest';
import { Copies } from '../../../src/ipc/copies/copies.ts';
import { SharedNotes } from '../../../src/ipc/copies/notes.ts';
import { CopyWorker } from '../../helpers/copies/copy-worker.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SERVER = '@cmap';
const [TRACK, CHANGE, OTHER] = [1n, 2n, 4n];
const forgets: (() => void)[] = [];

/** Makes a note that stays until the end of the test; or says who has the other. */
function make(notes: SharedNotes, bits: bigint, conflicting: bigint, server = SERVER): string | undefined {
  const made = notes.make(server, bits, conflicting);
  if (typeof made === 'string') return made;
  forgets.push(made);
  return undefined;
}

describe('SharedNotes', () => {
  afterEach(() => {
    for (const forget of forgets.splice(0)) forget();
  });

  it('are refused where another copy has one that they must not meet, until that is taken back', () => {
    const [one, two] = [new SharedNotes(new Copies()), new SharedNotes(new Copies())];
    expect(make(one, TRACK, CHANGE)).toBeUndefined();
    expect(make(two, CHANGE, TRACK)).toMatch(/thread/);
    expect(make(two, OTHER, CHANGE)).toBeUndefined();
    expect(make(two, CHANGE, TRACK, '/run/other/cmap')).toBeUndefined();
    forgets[0]?.();
    expect(make(two, CHANGE, TRACK)).toBeUndefined();
    expect(make(one, TRACK, CHANGE)).toMatch(/thread/);
  });

  it('last until the last of equal ones is taken back', () => {
    const [one, two] = [new SharedNotes(new Copies()), new SharedNotes(new Copies())];
    expect([make(one, TRACK, CHANGE), make(one, TRACK, CHANGE)]).toEqual([undefined, undefined]);
    const [first, second] = forgets;
    first?.();
    first?.();
    expect(make(two, CHANGE, TRACK)).toMatch(/thread/);
    second?.();
    expect(make(two, CHANGE, TRACK)).toBeUndefined();
  });

  it('of one server say nothing of another', () => {
    const [one, two] = [new SharedNotes(new Copies()), new SharedNotes(new Copies())];
    expect(make(one, TRACK, CHANGE)).toBeUndefined();
    expect(make(one, OTHER, 0n, '/run/other/cmap')).toBeUndefined();
    expect(make(two, CHANGE, TRACK, '/run/other/cmap')).toBeUndefined();
  });

  it('are not made where the other copies cannot be looked at', () => {
    const before = openDescriptors().length;
    const [blind, copies] = [new Copies(), new Copies()];
    const [one, two] = [new SharedNotes(blind), new SharedNotes(copies)];
    const looking = vi.spyOn(blind, 'others').mockImplementation(() => {
      throw new Error('EMFILE');
    });
    const membership = blind.join();
    expect(() => one.make(SERVER, TRACK, CHANGE)).toThrow('EMFILE');
    looking.mockRestore();
    expect(make(two, CHANGE, TRACK)).toBeUndefined();
    membership.end();
    for (const forget of forgets.splice(0)) forget();
    expect(openDescriptors().length).toBe(before);
  });

  it('leave nothing open', () => {
    const before = openDescriptors().length;
    const [one, two] = [new SharedNotes(new Copies()), new SharedNotes(new Copies())];
    make(one, TRACK, CHANGE);
    make(two, CHANGE, TRACK);
    for (const forget of forgets.splice(0)) forget();
    expect(openDescriptors().length).toBe(before);
  });

  it('of a thread that has ended are forgotten soon after', async () => {
    const worker = await CopyWorker.start();
    const notes = new SharedNotes(new Copies());
    expect(make(notes, OTHER, 0n)).toBeUndefined(); // it knows the thread before that ends
    await worker.do({ do: 'note', server: SERVER, bits: TRACK });
    expect(make(notes, CHANGE, TRACK)).toBe(`worker thread ${worker.threadId}`);
    await worker.terminate();
    expect(make(notes, CHANGE, TRACK)).toMatch(/worker thread/);
    await waitUntil('they are forgotten', () => make(notes, CHANGE, TRACK) === undefined);
  });
});
