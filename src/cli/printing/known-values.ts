import type { CmapMap, CmapTrackEvent } from '../../index.ts';

/**
 * The event with only those values that are known. In the stats map corosync tells one value twice: the new one, or the last one of
 * a key that goes.
 */
export function withKnownValues(event: CmapTrackEvent, map: CmapMap): CmapTrackEvent {
  if (event.kind === 'overflow' || map !== 'stats') return event;
  return { ...event, [event.change === 'delete' ? 'newValue' : 'oldValue']: undefined };
}
