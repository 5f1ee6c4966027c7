import { expect, it } from 'vitest';
import type { CmapClient, CsErrorName } from '../../../src/index.ts';
import type { CmapPeer } from '../corosync/c-peer.ts';
import { ourOutcome, peerOutcome } from './integration-outcome.ts';
import type { IntegrationSuite } from './integration-suite.ts';

/** One action, done by libcmap and by us: what libcmap's outcome is, and ours, where it differs on purpose. */
export interface Row {
  readonly what: string;
  readonly libcmap: (peer: CmapPeer) => Promise<number | { readonly code: number }>;
  readonly ours: (client: CmapClient) => Promise<unknown>;
  readonly outcome: CsErrorName;
  readonly differs?: { readonly ours: CsErrorName; readonly because: string };
}

/** A test for each row: both clients do the same on one map, and neither may do anything but what the row says. */
export function sideBySide(suite: IntegrationSuite, map: 'icmap' | 'stats', rows: readonly Row[]): void {
  const titled = rows.map((row) => [row.what, row.outcome, row] as const);
  it.each(titled)('%s: %s', async (_what, outcome, { libcmap, ours, differs }) => {
    const peer = await suite.peer(map === 'stats' ? 1 : 0);
    const client = await suite.connect({ map });
    expect({
      libcmap: await peerOutcome(() => libcmap(peer)),
      ours: await ourOutcome(() => ours(client)),
    }).toEqual({ libcmap: outcome, ours: differs?.ours ?? outcome });
  });
}

/** For calls that TypeScript would not let through. */
export const untyped = (value: unknown): never => value as never;

export const uint32 = (value = 0): { type: 'uint32'; value: number } => ({ type: 'uint32', value });
