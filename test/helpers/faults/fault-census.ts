import { expect } from 'vitest';
import { ourRings } from '../integration/integration-suite.ts';
import { openDescriptors } from '../open-descriptors.ts';
import { waitUntil } from '../wait-until.ts';

/** What a process holds and could forget to give back. */
export interface Census {
  readonly descriptors: readonly string[];
  /** Timers, immediates, sockets, ... by name, as Node counts them. */
  readonly resources: readonly string[];
  /** Directories of our connections in /dev/shm. */
  readonly rings: readonly string[];
}

export function takeCensus(): Census {
  return {
    descriptors: openDescriptors(),
    resources: process.getActiveResourcesInfo().sort(),
    rings: ourRings(),
  };
}

/** Whatever has been opened since `before` must be closed again; sockets and rings take a moment. */
export async function expectNothingLeft(before: Census): Promise<void> {
  await waitUntil('nothing is left', () => isNoMoreThan(takeCensus(), before)).catch(() => undefined);
  const after = takeCensus();
  if (!isNoMoreThan(after, before)) expect(after).toEqual(before);
}

function isNoMoreThan(after: Census, before: Census): boolean {
  return (
    after.descriptors.length <= before.descriptors.length &&
    after.resources.length <= before.resources.length &&
    after.rings.length <= before.rings.length
  );
}
