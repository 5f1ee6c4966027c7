import type { SystemFiles } from './system-files.ts';

/** A line of `/proc/PID/mountinfo`, which every user may read. */
export interface Mount {
  /** Where it is mounted, as its process sees it. */
  readonly point: string;
  /** The numbers of the file system's device. */
  readonly device: string;
  /** What of the file system is mounted: `/`, or a directory in it. */
  readonly root: string;
  readonly type: string;
  /** Of this mount, and of the file system: either may be read-only. */
  readonly options: readonly string[];
  readonly fileSystemOptions: readonly string[];
}

/** A directory as the process sees it. */
export interface Place {
  readonly pid: number | 'self';
  readonly path: string;
}

const LINE =
  /^\d+ \d+ (?<device>\d+:\d+) (?<root>\S+) (?<point>\S+) (?<options>\S+) .*?- (?<type>\S+) \S+ (?<of>\S+)$/;

export function mountsOf(files: SystemFiles, pid: number | 'self'): Mount[] {
  return (files.text(`/proc/${pid}/mountinfo`) ?? '').split('\n').flatMap((line): Mount[] => {
    const { device, root = '', point = '', options = '', type, of = '' } = LINE.exec(line)?.groups ?? {};
    if (device === undefined || type === undefined) return [];
    const [mountOptions, fileSystemOptions] = [options.split(','), of.split(',')];
    return [
      { device, type, root: decoded(root), point: decoded(point), options: mountOptions, fileSystemOptions },
    ];
  });
}

/** Space, tab, newline and backslash are octal there. */
function decoded(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** What a path of ours means: what is below `/proc/PID/root` is another process's. */
export function placeOf(files: SystemFiles, path: string): Place {
  const { pid, rest = '' } = /^\/proc\/(?<pid>\d+)\/root(?<rest>\/.*)?$/.exec(path)?.groups ?? {};
  return pid === undefined
    ? { pid: 'self', path: files.real(path) ?? path }
    : { pid: Number(pid), path: rest };
}

/** The mount that holds a directory. */
export function mountAt(files: SystemFiles, { pid, path }: Place): Mount | undefined {
  const holds = ({ point }: Mount): boolean =>
    point === '/' || path === point || path.startsWith(`${point}/`);
  // Of several at one point, the last one covers the others.
  return mountsOf(files, pid)
    .filter(holds)
    .reduce<Mount | undefined>(
      (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
      undefined,
    );
}

export function isReadOnly({ options, fileSystemOptions }: Mount): boolean {
  return options.includes('ro') || fileSystemOptions.includes('ro');
}

/** Whether what a process sees at a place is what we see at a path; `undefined` if that cannot be seen. */
export function isSame(files: SystemFiles, theirs: Place, ours: string): boolean | undefined {
  const root = `/proc/${theirs.pid}/root`;
  if (files.stat(root) !== undefined) return files.same(`${root}${theirs.path}`, ours);
  // Where we may not look at it, everybody may look at the mounts.
  const [a, b] = [identity(files, theirs), identity(files, placeOf(files, ours))];
  return a === undefined || b === undefined ? undefined : a === b;
}

function identity(files: SystemFiles, place: Place): string | undefined {
  const mount = mountAt(files, place);
  if (mount === undefined) return undefined;
  const below = place.path.slice(mount.point === '/' ? 0 : mount.point.length);
  return `${mount.device} ${`${mount.root}${below}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')}`;
}
