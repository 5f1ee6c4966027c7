import type { CmapMap } from '../../../index.ts';
import { ConnectionError, CsError } from '../../../errors/index.ts';
import type { CliClient } from '../../command.ts';
import { ConnectFailure } from '../../exit-codes.ts';
import { explain } from '../../explain.ts';
import { entryText } from '../../text.ts';
import { remedyForAbsence } from '../checks/absence.ts';
import { permissionRemedy } from '../checks/permission.ts';
import { ok, note, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

/** Keys that tell where one is. */
const TELLING_KEYS = ['totem.cluster_name', 'runtime.votequorum.this_node_id'];

const TRANSPORTS = { 'shared-memory': 'shared memory', socket: 'datagram sockets' } as const;

export interface ConnectionCheck {
  readonly remarks: readonly Remark[];
  /** A value has been read. */
  readonly works: boolean;
}

/** Tries it: one connection, one get, and who is there. */
export async function checkConnection(
  connect: () => Promise<CliClient>,
  map: CmapMap,
  surroundings: Surroundings,
): Promise<ConnectionCheck> {
  const remarks: Remark[] = [];
  const works = await use(connect, map, remarks).catch((error: unknown) => {
    const cause = error instanceof ConnectFailure ? error.cause : error;
    remarks.push(problem(explain(cause), remedyFor(cause, surroundings)));
    return false;
  });
  return { remarks, works };
}

/** Returns whether a value could be read. */
async function use(connect: () => Promise<CliClient>, map: CmapMap, remarks: Remark[]): Promise<boolean> {
  const connecting = stopwatch();
  const client = await connect();
  const over = TRANSPORTS[client.transport];
  const size = client.bufferSize;
  remarks.push(ok(`connected in ${connecting()}, over ${over}; messages of up to ${size} bytes`));
  const key = await firstKey(client);
  if (key === undefined) {
    remarks.push(problem(`the map ${map} is empty`));
    return false;
  }
  const getting = stopwatch();
  const value = await client.get(key);
  remarks.push(ok(`a get took ${getting()}: ${entryText(key, value)}`));
  if (map === 'icmap') remarks.push(...(await Promise.all(TELLING_KEYS.map((one) => tell(client, one)))));
  return true;
}

function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => `${(performance.now() - startedAt).toFixed(1)} ms`;
}

async function firstKey(client: CliClient): Promise<string | undefined> {
  for await (const { key } of client.keys()) return key;
  return undefined;
}

async function tell(client: CliClient, key: string): Promise<Remark> {
  try {
    return ok(entryText(key, await client.get(key)));
  } catch (error) {
    return note(explain(error));
  }
}

function remedyFor(error: unknown, surroundings: Surroundings): string | undefined {
  if (!(error instanceof CsError)) return undefined;
  const { corosync, service, socketPath } = surroundings;
  switch (error.code) {
    case 'CS_ERR_ACCESS':
      // Without a cause it is corosync that refuses; with one, the system did not let us open something.
      return error instanceof ConnectionError && error.cause === undefined
        ? permissionRemedy(surroundings)
        : undefined;
    case 'CS_ERR_LIBRARY':
      // A file may be left of a corosync that is gone; of a name that nobody has bound, the socket's check has told.
      return error.errno === 'ECONNREFUSED' && socketPath.startsWith('/')
        ? remedyForAbsence(surroundings)
        : undefined;
    case 'CS_ERR_TIMEOUT':
      return corosync?.stopped === true
        ? `kill -CONT ${corosync.pid}`
        : 'corosync hangs, or is very busy: its log may tell why; --timeout waits longer';
    case 'CS_ERR_TRY_AGAIN':
      return 'corosync starts or ends: run corosync-client doctor again in a moment';
    case 'CS_ERR_SECURITY':
      return `see who listens there, as root: ss -xlp | grep ${service}`;
    default:
      return undefined;
  }
}
