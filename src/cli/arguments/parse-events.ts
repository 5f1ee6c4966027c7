import type { CmapChange } from '../../index.ts';
import { UsageError } from '../exit-codes.ts';

const EVENTS: readonly CmapChange[] = ['add', 'delete', 'modify'];

/** The value of --events. */
export function parseEvents(list: string | boolean | undefined): readonly CmapChange[] {
  if (typeof list !== 'string') return EVENTS;
  return list.split(',').map((name) => {
    const event = EVENTS.find((known) => known === name);
    if (event === undefined) throw new UsageError(`unknown event ${name}: use some of ${EVENTS.join(',')}`);
    return event;
  });
}
