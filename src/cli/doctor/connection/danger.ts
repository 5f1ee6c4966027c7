import type { FindingId } from '../finding-ids.ts';
import { problem, type Finding, type Remark } from '../finding.ts';
import { foreignUid, type Surroundings } from '../surroundings.ts';
import { reasonIs } from './remedies.ts';

/** With these, a connection would not fail: it would end corosync, or make it spin. */
const DANGERS: ReadonlySet<FindingId> = new Set([
  'corosync-open-files',
  'corosync-file-size',
  'corosync-memory',
]);

/** Why not to connect; `undefined` if nothing speaks against it. */
export function reasonNotToConnect(
  findings: readonly Finding[],
  surroundings: Surroundings,
): Remark | undefined {
  const found = findings.find(
    ({ level, id }) => level === 'problem' && id !== undefined && isDanger(id, surroundings),
  );
  if (found?.id === undefined) return undefined;
  return problem('not-tried', `not tried, because of what it might do: ${found.id}`, reasonIs(found.id));
}

/** A program of another user that has taken corosync's name is not to be trusted with a connection. */
function isDanger(id: FindingId, surroundings: Surroundings): boolean {
  return DANGERS.has(id) || (id === 'socket-foreign' && foreignUid(surroundings) !== undefined);
}
