import { showId } from '../system/accounts.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { missingCapabilities, statusOf } from '../system/process-status.ts';
import { insideAs } from '../system/user-namespace.ts';

/** What runs this command. */
export interface Runtime {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

export function checkProcess(surroundings: Surroundings, runtime: Runtime): Remark[] {
  const { version, node, platform, arch } = runtime;
  return [
    platformRemark(`corosync-client ${version}, Node.js ${node} on ${platform} ${arch}`, platform),
    describeUser(surroundings),
    ...differentUsers(surroundings),
  ];
}

function platformRemark(text: string, platform: string): Remark {
  if (platform === 'linux') return ok(text);
  return problem(
    'not-linux',
    text,
    'run it on the cluster node: corosync is reached through the shared memory of Linux',
  );
}

function describeUser(surroundings: Surroundings): Remark {
  const { files, user, seenAs, corosync } = surroundings;
  const { uid, gid } = user.effective;
  const who = `uid ${showId(files, 'passwd', uid)}, gid ${showId(files, 'group', gid)}`;
  const { real } = user;
  const theirs = `uid ${seenAs.uid}, gid ${seenAs.gid}`;
  const remedy = corosync === undefined ? undefined : remedyInside(surroundings, corosync.pid);
  const inside = `${who}; corosync is in another user namespace, where this is ${theirs}`;
  if (remedy !== undefined && !isMapped(surroundings)) {
    const text = `${inside}, which is nobody: it would hand the files of a connection to somebody else`;
    return problem('user-not-mapped', text, remedy);
  }
  if (real.uid === seenAs.uid && real.gid === seenAs.gid) return ok(who);
  const outside = `${who}, in a user namespace: outside of it, for corosync, ${theirs}`;
  return note('user-namespace', remedy === undefined ? outside : inside);
}

/** Whether what corosync takes us for is us. */
function isMapped({ files, user: { real }, seenAs, corosync }: Surroundings): boolean {
  return corosync !== undefined && insideAs(files, corosync.pid, 'uid_map', seenAs.uid) === real.uid;
}

/** How to be a user that such a corosync knows, and allows without a rule. */
function remedyInside({ files }: Surroundings, pid: number): string | undefined {
  const [uid, gid] = [insideAs(files, pid, 'uid_map', 0), insideAs(files, pid, 'gid_map', 0)];
  if (uid === undefined || gid === undefined || uid === 0) return undefined;
  return `run it as the user that is root there: setpriv --reuid=${uid} --regid=${gid} --clear-groups COMMAND`;
}

/** The kernel tells corosync the real ids; corosync hands the files to them; and the effective ones open them. */
function differentUsers({ files, user: { real, effective } }: Surroundings): Remark[] {
  const { uid, gid } = effective;
  if (real.uid !== uid) {
    const status = statusOf(files, 'self');
    const opensAll = status !== undefined && !missingCapabilities(status).includes('DAC_OVERRIDE');
    return [
      (opensAll ? note : problem)(
        'real-user-differs',
        `the real uid is ${real.uid}, the effective one ${uid}: corosync counts the real one, and hands the files of a connection to it${opensAll ? ', which this process may open all the same (CAP_DAC_OVERRIDE)' : ''}`,
        `let both be one: setpriv --reuid=${uid} --regid=${gid} --clear-groups COMMAND, or process.setuid(${uid}) in the program`,
      ),
    ];
  }
  if (real.gid === gid) return [];
  return [
    note(
      'real-group-differs',
      `the real gid is ${real.gid}, the effective one ${gid}: corosync counts the real one`,
    ),
  ];
}
