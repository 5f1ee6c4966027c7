import { checkCorosync } from './checks/corosync.ts';
import { checkNamespaces } from './checks/namespaces.ts';
import { checkPermission } from './checks/permission.ts';
import { checkProcess, type Runtime } from './checks/process.ts';
import { checkSharedMemory } from './checks/shared-memory.ts';
import { checkSocket } from './checks/socket.ts';
import { checkUidgidFiles } from './checks/uidgid-files.ts';
import { checkVersions } from './checks/versions.ts';
import { under, type Finding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

/** All that can be told without a connection. */
export function examine(surroundings: Surroundings, runtime: Runtime): Finding[] {
  return [
    ...under('process', checkProcess(surroundings, runtime)),
    ...under('corosync', checkCorosync(surroundings)),
    ...under('versions', [checkVersions(surroundings)]),
    ...under('socket', [checkSocket(surroundings)]),
    ...under('namespaces', checkNamespaces(surroundings)),
    ...under('shared memory', checkSharedMemory(surroundings)),
    ...under('permission', [checkPermission(surroundings), ...checkUidgidFiles(surroundings)]),
  ];
}
