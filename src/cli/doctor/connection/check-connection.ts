import type { CmapMap } from '../../../index.ts';
import type { CliClient } from '../../command.ts';
import { ConnectFailure } from '../../exit-codes.ts';
import { explain } from '../../printing/explain.ts';
import { entryText } from '../../printing/text.ts';
import type { FindingId } from '../finding-ids.ts';
import { ok, note, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hasEnded } from '../system/process-status.ts';
import { causeOf } from './causes.ts';
import { failureOf } from './failure.ts';
import { checkDatagramPackage } from './datagram-package.ts';
import { reasonIs } from './remedies.ts';
import { checkRuleTypes } from './rule-types.ts';

/** Keys that tell where one is. */
const TELLING_KEYS = ['totem.cluster_name', 'runtime.votequorum.this_node_id'];

const TRANSPORTS = { 'shared-memory': 'shared memory', socket: 'datagram sockets' } as const;

export interface ConnectionCheck {
  readonly remarks: readonly Remark[];
  /** A value has been read. */
  readonly works: boolean;
}

/** How to connect, and what has been found before. */
export interface Attempt {
  readonly connect: () => Promise<CliClient>;
  readonly map: CmapMap;
  readonly surroundings: Surroundings;
  /** Of the findings so far that are not ok. */
  readonly seen: readonly FindingId[];
}

/** Tries it: one connection, one get, and who is there. */
export async function checkConnection(attempt: Attempt): Promise<ConnectionCheck> {
  const remarks: Remark[] = [];
  try {
    return { works: await use(attempt, remarks), remarks };
  } catch (error) {
    const cause = error instanceof ConnectFailure ? error.cause : error;
    const unloaded = checkDatagramPackage(cause, attempt.surroundings);
    remarks.push(...unloaded);
    remarks.push(
      problem('not-connected', explain(cause), await remedyFor(cause, withFindings(attempt, unloaded))),
    );
    return { works: false, remarks };
  }
}

/** Returns whether a value could be read. */
async function use({ connect, map }: Attempt, remarks: Remark[]): Promise<boolean> {
  const connecting = stopwatch();
  const client = await connect();
  const over = TRANSPORTS[client.transport];
  const size = client.bufferSize;
  remarks.push(ok(`connected in ${connecting()}, over ${over}; messages of up to ${size} bytes`));
  const key = await firstKey(client);
  if (key === undefined) {
    remarks.push(problem('no-value', `the map ${map} is empty`));
    return false;
  }
  const getting = stopwatch();
  const value = await client.get(key);
  remarks.push(ok(`a get took ${getting()}: ${entryText(key, value)}`));
  if (map === 'icmap') {
    remarks.push(...(await Promise.all(TELLING_KEYS.map((one) => tell(client, one)))));
    remarks.push(...(await checkRuleTypes(client)));
  }
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
    return note('key-missing', explain(error));
  }
}

function withFindings(attempt: Attempt, remarks: readonly Remark[]): Attempt {
  return { ...attempt, seen: [...attempt.seen, ...remarks.flatMap(({ id }) => id ?? [])] };
}

async function remedyFor(error: unknown, { surroundings, seen }: Attempt): Promise<string | undefined> {
  const { files, corosync } = surroundings;
  if (corosync !== undefined && hasEnded(files, corosync.pid)) {
    return `corosync (pid ${corosync.pid}) has ended meanwhile: journalctl -u corosync says why`;
  }
  const cause = causeOf(failureOf(error));
  const known = cause?.findings.find((id) => seen.includes(id));
  if (known !== undefined) return reasonIs(known);
  return cause?.remedy?.(surroundings, seen);
}
