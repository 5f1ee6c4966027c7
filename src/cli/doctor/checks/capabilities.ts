import { ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { missingCapabilities } from '../system/process-status.ts';

/** corosync makes the files of a connection, and hands them to the user of its client: for another user than its own that takes capabilities. */
export function checkCapabilities({ corosync, user }: Surroundings): Remark[] {
  if (corosync === undefined) return [];
  const { pid, status } = corosync;
  if (status.uid === user.real.uid) return [];
  const missing = missingCapabilities(status).map((name) => `CAP_${name}`);
  if (missing.length === 0) return [ok('corosync may hand the files of a connection to another user')];
  return [
    problem(
      'corosync-capabilities',
      `corosync (pid ${pid}) lacks ${missing.join(', ')}: it cannot hand the files of a connection to uid ${user.real.uid}`,
      [
        `run this as the user of corosync: setpriv --reuid=${status.uid} --regid=${status.gid} --clear-groups COMMAND,`,
        'or give corosync what it lacks, and restart it: CapabilityBoundingSet= of its unit, or',
        `docker run ${missing.map((name) => `--cap-add=${name.slice('CAP_'.length)}`).join(' ')}`,
      ].join('\n'),
    ),
  ];
}
