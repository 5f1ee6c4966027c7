import type { Mount } from './mounts.ts';
import { mountsOf } from './mounts.ts';
import type { SystemFiles } from './system-files.ts';
import { shellWord } from '../shell-word.ts';

/** What a control group may still use. */
export interface MemoryRoom {
  /** The group that sets the limit, as a directory. */
  readonly group: string;
  /** In bytes, and the file that sets it. */
  readonly limit: number;
  readonly limitFile: string;
  /** In bytes, with what the kernel can drop at once. */
  readonly left: number;
}

/** The files of either version of control groups. */
const VERSIONS = [
  {
    limit: 'memory.max',
    usage: 'memory.current',
    droppable: /^(?:in)?active_file (\d+)$/gm,
  },
  {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    droppable: /^total_(?:in)?active_file (\d+)$/gm,
  },
] as const;

/** The scarcest of the groups that a process is in; `undefined` if none is limited, or they cannot be seen. */
export function memoryRoom(files: SystemFiles, pid: number): MemoryRoom | undefined {
  return groupsOf(files, pid, 'memory')
    .flatMap((group) => roomIn(files, group) ?? [])
    .sort((one, other) => one.left - other.left)[0];
}

function roomIn(files: SystemFiles, group: string): MemoryRoom | undefined {
  for (const version of VERSIONS) {
    const [limit, usage] = [version.limit, version.usage].map((name) => files.text(`${group}/${name}`));
    // "max", or version 1's largest number of whole pages.
    if (limit === undefined || usage === undefined || !(Number(limit) < 2 ** 62)) continue;
    const statistics = files.text(`${group}/memory.stat`) ?? '';
    const droppable = [...statistics.matchAll(version.droppable)].reduce(
      (sum, [, bytes]) => sum + Number(bytes),
      0,
    );
    const left = Number(limit) - Number(usage) + droppable;
    return { group, limit: Number(limit), limitFile: `${group}/${version.limit}`, left };
  }
  return undefined;
}

/** What thaws a process that the freezer holds, as `docker pause` has it; `undefined` if it is not frozen. */
export function thawCommand(files: SystemFiles, pid: number): string | undefined {
  for (const group of groupsOf(files, pid, 'freezer')) {
    if (files.text(`${group}/cgroup.freeze`)?.trim() === '1')
      return `echo 0 > ${shellWord(`${group}/cgroup.freeze`)}`;
    if (files.text(`${group}/freezer.self_freezing`)?.trim() === '1')
      return `echo THAWED > ${shellWord(`${group}/freezer.state`)}`;
  }
  return undefined;
}

/** The unit of systemd that a process belongs to. */
export function unitOf(files: SystemFiles, pid: number | 'self'): string | undefined {
  return /\/([\w@.:\\-]+\.service)(?:\/|$)/m.exec(files.text(`/proc/${pid}/cgroup`) ?? '')?.[1];
}

/** The directories of the groups of a process for one controller, from its own up to the outermost that is mounted here. */
function groupsOf(files: SystemFiles, pid: number, controller: string): string[] {
  const mounts = mountsOf(files, 'self');
  const lines = (files.text(`/proc/${pid}/cgroup`) ?? '').split('\n');
  return lines.flatMap((line) => {
    const { controllers = '', path } = /^\d+:(?<controllers>[^:]*):(?<path>\/.*)$/.exec(line)?.groups ?? {};
    if (path === undefined || (controllers !== '' && !controllers.split(',').includes(controller))) return [];
    const mount = mounts.find((one) => isHierarchy(one, controllers === '' ? undefined : controller));
    return mount === undefined ? [] : upwards(mount, path);
  });
}

function isHierarchy({ type, fileSystemOptions }: Mount, controller: string | undefined): boolean {
  return controller === undefined
    ? type === 'cgroup2'
    : type === 'cgroup' && fileSystemOptions.includes(controller);
}

function upwards({ root, point }: Mount, path: string): string[] {
  const base = root === '/' ? '' : root;
  // A group outside of what is mounted here shows up as /.. of it.
  if (path !== base && !path.startsWith(`${base}/`)) return [];
  const names = path
    .slice(base.length)
    .split('/')
    .filter((name) => name !== '');
  if (names.includes('..')) return [];
  return [...names.keys(), names.length]
    .reverse()
    .map((depth) => [point, ...names.slice(0, depth)].join('/'));
}
