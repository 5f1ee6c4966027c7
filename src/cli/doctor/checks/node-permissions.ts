import { problem, type Remark } from '../finding.ts';

/** `process.permission`: there if Node.js runs with its permission model. */
export interface NodePermission {
  has(scope: string, reference?: string): boolean;
}

/** What is read of the system; more than a connection itself takes. */
const READ = ['/proc', '/etc/libqb/force-filesystem-sockets'];

/**
 * Without the right to read, nothing else can be found out: then this is all that doctor says.
 * @param permission `undefined` without the permission model
 */
export function checkNodePermissions(permission: NodePermission | undefined, directory: string): Remark[] {
  if (permission === undefined) return [];
  const reads = [...READ, directory].every((path) => permission.has('fs.read', path));
  const writes = permission.has('fs.write', directory);
  if (reads && writes) return [];
  const flags = [
    ...(reads ? [] : ['--allow-fs-read=*']),
    ...(writes ? [] : [`--allow-fs-write=${directory}`]),
  ];
  return [
    problem(
      'node-permissions',
      "Node.js runs with its permission model, which keeps this process from the system's files",
      `give node ${flags.join(' ')}`,
    ),
  ];
}
