import { describe, expect, it } from 'vitest';
import { checkNodePermissions } from '../../../../src/cli/doctor/checks/node-permissions.ts';

describe("Node's permissions", () => {
  const permission = (...granted: string[]): { has(scope: string): boolean } => ({
    has: (scope) => granted.includes(scope),
  });

  it('are none, or enough', () => {
    expect(checkNodePermissions(undefined, '/dev/shm')).toEqual([]);
    expect(checkNodePermissions(permission('fs.read', 'fs.write'), '/dev/shm')).toEqual([]);
  });

  it('lack what they lack', () => {
    expect(checkNodePermissions(permission(), '/mnt/shm')[0]?.remedy).toBe(
      'give node --allow-fs-read=* --allow-fs-write=/mnt/shm',
    );
    expect(checkNodePermissions(permission('fs.read'), '/dev/shm')[0]?.remedy).toBe(
      'give node --allow-fs-write=/dev/shm',
    );
  });
});
