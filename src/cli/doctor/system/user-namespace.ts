import type { SystemFiles } from './system-files.ts';

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

/** What a process is shown for an id that its user namespace does not know, unless /proc/sys/kernel says otherwise. */
const NOBODY = 65_534;
/** What /proc shows where a range begins at an id that our own namespace does not know. */
const UNKNOWN = 4_294_967_295;

/** A range of ids: as the namespace counts them, and as who reads the map does (or the namespace around, if that is its own). */
interface Range {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

type MapName = 'uid_map' | 'gid_map';

/** The kernel translates credentials from namespace to namespace: as whom a server sees our ids, if it is process `pid`, or one outside. */
export function seenBy(files: SystemFiles, pid: number | undefined, { uid, gid }: Credentials): Credentials {
  return { uid: seen(files, pid, 'uid_map', uid), gid: seen(files, pid, 'gid_map', gid) };
}

function seen(files: SystemFiles, pid: number | undefined, map: MapName, id: number): number {
  const ours = files.text(`/proc/self/${map}`);
  const theirs = pid === undefined ? undefined : files.text(`/proc/${pid}/${map}`);
  if (ours === theirs) return id;
  const within = rangesOf(theirs).find(
    ({ outside, count }) => outside !== UNKNOWN && contains(outside, count, id),
  );
  if (within !== undefined && within.count < UNKNOWN) return within.inside + id - within.outside;
  // From the machine's own namespace there is no way outwards: theirs is inside, and does not know us.
  if (isWhole(rangesOf(ours))) return theirs === undefined ? id : NOBODY;
  const around = rangesOf(ours).find(({ inside, count }) => contains(inside, count, id));
  return around === undefined ? id : around.outside + id - around.inside;
}

/** As we count it, the id that a process inside of another user namespace has as `id`; `undefined` if it has none for us. */
export function insideAs(files: SystemFiles, pid: number, map: MapName, id: number): number | undefined {
  const range = rangesOf(files.text(`/proc/${pid}/${map}`)).find(({ inside, count }) =>
    contains(inside, count, id),
  );
  return range === undefined || range.outside === UNKNOWN ? undefined : range.outside + id - range.inside;
}

/** Whether an id of a process that `/proc` shows us is its own: one that our user namespace does not know is shown as nobody's. */
export function isKnownId(files: SystemFiles, id: number): boolean {
  return id !== NOBODY || isWhole(rangesOf(files.text('/proc/self/uid_map')));
}

function contains(begin: number, count: number, id: number): boolean {
  return id >= begin && id < begin + count;
}

function isWhole(ranges: readonly Range[]): boolean {
  return ranges.some(({ inside, outside, count }) => inside === 0 && outside === 0 && count === UNKNOWN);
}

function rangesOf(text: string | undefined): Range[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const [inside = NaN, outside = NaN, count = NaN] = line.trim().split(/\s+/).map(Number);
    return Number.isNaN(count) ? [] : [{ inside, outside, count }];
  });
}
