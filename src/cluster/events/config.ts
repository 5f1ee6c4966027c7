import { isDeepStrictEqual } from 'node:util';
import type { ClusterState } from '../cluster-state.ts';
import type { KnownDrift } from '../drift/drift.ts';
import type { ClusterConfigDrift } from '../figures/figures-state.ts';
import { present } from '../present.ts';
import { driftsText, mistakeText } from './drift-text.ts';
import type { Finding } from './event-types.ts';
import { nodeName, type Comparison } from './told.ts';

/** How reloads went, and whether all nodes run the same configuration, and this one its file. */
export function* configFindings(comparison: Comparison): Generator<Finding> {
  yield* reloadFindings(comparison);
  yield* driftFindings(comparison);
  yield* mistakeFindings(comparison);
  const { previous, next, since } = comparison;
  const versions = versionsOf(next);
  if (differ(versions) && text(versions) !== text(versionsOf(previous))) {
    const message = `Nodes run different configurations: ${[...versions].map(([id, version]) => `${nodeName(next, id)} has version ${version}`).join(', ')}.`;
    yield {
      type: 'config.mismatch',
      message,
      versions: Object.freeze(Object.fromEntries(versions)),
      notBefore: since,
      inferred: true,
    };
  }
}

function* reloadFindings({ previous, next, told, restarted, since }: Comparison): Generator<Finding> {
  let failed = false;
  for (const event of told) {
    if (event.kind !== 'reload') continue;
    const how = { notBefore: event.at, inferred: false };
    failed ||= !event.ok;
    if (event.ok) {
      const { version } = next.config;
      const message = `The configuration was reloaded${version === undefined ? '' : `; its version is ${version}`}.`;
      yield { type: 'reload.ok', message, ...present('version', version), ...how };
    } else {
      const reason = next.config.lastReload?.message;
      const message = `The configuration could not be reloaded${reason === undefined ? '; the log of corosync says why' : `: ${reason}`}.`;
      yield { type: 'reload.failed', message, ...present('reason', reason), ...how };
    }
  }
  if (!next.config.stuck || (previous.config.stuck && !restarted)) return;
  const message = 'Until a reload is good, votequorum looks at no change of the configuration.';
  const explainedBy = failed ? ({ type: 'reload.failed' } as const) : undefined;
  yield { type: 'reload.stuck', message, notBefore: since, inferred: true, explainedBy };
}

function* driftFindings({ next, since, driftBefore }: Comparison): Generator<Finding> {
  const { drift } = next.config;
  if (drift === undefined || isDeepStrictEqual(drift, driftBefore?.drift ?? [])) return;
  const notBefore = driftNotBefore(drift, driftBefore, since);
  yield { type: 'config.drift', message: driftMessage(next, drift), drift, notBefore, inferred: true };
}

/** Of a file of which nothing is known now, it is as before. */
function* mistakeFindings({ next, mistakeBefore }: Comparison): Generator<Finding> {
  const { drift, mistake } = next.config;
  const isKnown = drift !== undefined || mistake !== undefined;
  if (!isKnown || isDeepStrictEqual(mistake, mistakeBefore?.mistake)) return;
  const message =
    mistake === undefined ? 'corosync.conf has no mistake any more.' : `${mistakeText(mistake)}.`;
  const notBefore = mistakeBefore?.asOf ?? new Date(0);
  yield { type: 'config.mistake', message, ...present('mistake', mistake), notBefore, inferred: true };
}

/** Where nothing was known before, it may be as old as anything. */
function driftNotBefore(
  drift: readonly ClusterConfigDrift[],
  before: KnownDrift | undefined,
  since: Date,
): Date {
  if (before === undefined) return new Date(0);
  const { file, quorum } = before.asOf;
  const changed = [...without(drift, before.drift), ...without(before.drift, drift)];
  const isOfQuorum = changed.some(({ key }) => key.startsWith('quorum.'));
  return new Date(Math.min(Number(since), Number(file), isOfQuorum ? Number(quorum) : Infinity));
}

function without(
  all: readonly ClusterConfigDrift[],
  others: readonly ClusterConfigDrift[],
): readonly ClusterConfigDrift[] {
  return all.filter((one) => !others.some((other) => isDeepStrictEqual(one, other)));
}

function driftMessage(state: ClusterState, drift: readonly ClusterConfigDrift[]): string {
  if (drift.length === 0) return 'corosync.conf is what corosync runs with again.';
  return `${driftsText(state, drift)}.`;
}

/** Of members: those of nodes that left are old. */
function versionsOf({ nodes }: ClusterState): ReadonlyMap<number, bigint> {
  return new Map(
    nodes.flatMap(({ id, state, configVersion }) =>
      state === 'member' && configVersion !== undefined ? [[id, configVersion] as const] : [],
    ),
  );
}

function differ(versions: ReadonlyMap<number, bigint>): boolean {
  return new Set(versions.values()).size > 1;
}

function text(versions: ReadonlyMap<number, bigint>): string {
  return [...versions].join(';');
}
