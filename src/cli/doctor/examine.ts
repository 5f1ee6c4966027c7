import { checkCapabilities } from './checks/capabilities.ts';
import { checkConfiguration } from './checks/configuration.ts';
import { checkConfinement } from './checks/confinement.ts';
import { checkCorosyncLimits } from './checks/corosync-limits.ts';
import { checkCorosync } from './checks/corosync.ts';
import { checkDatagrams } from './checks/datagrams.ts';
import { checkLimits } from './checks/limits.ts';
import { checkNamespaces } from './checks/namespaces.ts';
import { checkPermission } from './checks/permission.ts';
import { checkProcess, type Runtime } from './checks/process.ts';
import { checkServices } from './checks/services.ts';
import { checkSharedMemory } from './checks/shared-memory/shared-memory.ts';
import { checkSocket } from './checks/socket.ts';
import { checkUidgidFiles } from './checks/uidgid-files.ts';
import { checkVersions } from './checks/versions.ts';
import { under, type Finding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

/** All that can be told without a connection. */
export function examine(surroundings: Surroundings, runtime: Runtime): Finding[] {
  return [
    ...under('process', [...checkProcess(surroundings, runtime), checkConfinement(surroundings)]),
    ...under('corosync', [...checkCorosync(surroundings), ...checkCapabilities(surroundings)]),
    ...under('versions', [checkVersions(surroundings)]),
    ...under('configuration', checkConfiguration(surroundings)),
    ...under('socket', [checkSocket(surroundings), ...checkDatagrams(surroundings)]),
    ...under('services', checkServices(surroundings)),
    ...under('namespaces', checkNamespaces(surroundings)),
    ...under('shared memory', checkSharedMemory(surroundings)),
    ...under('limits', [...checkLimits(surroundings), ...checkCorosyncLimits(surroundings)]),
    ...under('permission', [checkPermission(surroundings), ...checkUidgidFiles(surroundings)]),
  ];
}
