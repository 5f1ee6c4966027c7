import type { Surroundings } from '../surroundings.ts';
import { mountAt } from '../system/mounts.ts';

/** Whether /proc shows us our own processes only, and what to do about it. */
export function hiding({ files, user }: Surroundings): [text: string, remedy: string] | undefined {
  const options = mountAt(files, { pid: 'self', path: '/proc' })?.fileSystemOptions ?? [];
  const value = (name: string): string | undefined =>
    options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  const how = value('hidepid');
  if (how === undefined || how === '0' || how === 'off' || user.effective.uid === 0) return undefined;
  const gid = value('gid');
  if (gid !== undefined && [user.effective.gid, ...user.groups].includes(Number(gid))) return undefined;
  const group = gid === undefined ? '' : `, or as a member of group ${gid}`;
  return [
    `/proc shows only the processes of this user (hidepid=${how}): what can be told of corosync is little`,
    `run corosync-client doctor as root${group}`,
  ];
}
