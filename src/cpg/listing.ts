import type { CpgAddress } from '../codec/cpg/address.ts';
import type { CpgGroupName } from '../codec/cpg/group-name.ts';
import {
  IterationFinalizeRequest,
  IterationInitializeRequest,
  IterationNextRequest,
  type CpgIterationItem,
  type CpgIterationScope,
} from '../codec/cpg/iteration.ts';
import type { CallOptions } from '../options/call-options.ts';
import type { ServiceClient } from '../service/index.ts';

/** So many items are asked for at first; then twice as many each time. */
const FIRST_PAGE = 16;
const LARGEST_PAGE = 1024;

/** Queries do not wait behind messages. */
const AHEAD = { urgent: true } as const;

/**
 * Lists by iteration: cpg_membership_get, which says the same of one group, makes corosync abort from 385 members on. corosync copies all that there is when
 * the iteration begins, so the list is of one moment.
 */
export async function list(
  service: ServiceClient,
  scope: CpgIterationScope,
  options?: CallOptions,
): Promise<CpgIterationItem[]> {
  const begin = new IterationInitializeRequest(scope);
  const limits = service.limits(options, begin.operation, begin.key);
  const startedAt = performance.now();
  const release = (handle: bigint): Promise<void> => service.release(new IterationFinalizeRequest(handle));
  const handle = await service.submit(begin, limits, {
    ...AHEAD,
    onAbandonedAnswer: (abandoned) => void release(abandoned).catch(() => undefined),
  });
  try {
    const items: CpgIterationItem[] = [];
    for (let page = FIRST_PAGE; ; page = Math.min(page * 2, LARGEST_PAGE)) {
      const rest = limits.restSince(startedAt);
      const next = Array.from({ length: page }, () =>
        service.submit(new IterationNextRequest(handle), rest, AHEAD),
      );
      // What is asked for past the end begins at the first item again.
      for (const item of await Promise.all(next)) {
        if (item === undefined) return items;
        items.push(item);
      }
    }
  } finally {
    await release(handle).catch(() => undefined); // the end of the connection gives it back, too
  }
}

export function groupOf({ group, groupBytes }: CpgIterationItem): CpgGroupName {
  return groupBytes === undefined ? { group } : { group, groupBytes };
}

export function addressOf({ nodeId, pid }: CpgIterationItem): CpgAddress {
  return { nodeId, pid };
}
