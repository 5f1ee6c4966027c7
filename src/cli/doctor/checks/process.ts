import { showId } from '../system/accounts.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

/** What runs this command. */
export interface Runtime {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

export function checkProcess({ files, user, seenAs }: Surroundings, runtime: Runtime): Remark[] {
  const { version, node, platform, arch } = runtime;
  const remarks = [
    platformRemark(`corosync-client ${version}, Node.js ${node} on ${platform} ${arch}`, platform),
  ];
  const who = `uid ${showId(files, 'passwd', user.uid)}, gid ${showId(files, 'group', user.gid)}`;
  if (user.uid === seenAs.uid && user.gid === seenAs.gid) return [...remarks, ok(who)];
  const outside = `uid ${seenAs.uid}, gid ${seenAs.gid}`;
  return [...remarks, note(`${who}, in a user namespace: outside of it, for corosync, ${outside}`)];
}

function platformRemark(text: string, platform: string): Remark {
  if (platform === 'linux') return ok(text);
  return problem(text, 'run it on the cluster node: corosync is reached through the shared memory of Linux');
}
