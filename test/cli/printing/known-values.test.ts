import { expect, test } from 'vitest';
import { withKnownValues } from '../../../src/cli/printing/known-values.ts';
import type { CmapTrackEvent } from '../../../src/index.ts';
import { FAKE_TRACKER } from '../fake-client.ts';

const VALUE = { type: 'uint8', value: 2 } as const;

function told(change: 'add' | 'modify' | 'delete', newValue = true, oldValue = true): CmapTrackEvent {
  return {
    kind: 'notification',
    change,
    key: 'k',
    newValue: newValue ? VALUE : undefined,
    oldValue: oldValue ? VALUE : undefined,
    tracker: FAKE_TRACKER,
    coalesced: 0,
  };
}

test.each([
  [told('add'), told('add', true, false)],
  [told('modify'), told('modify', true, false)],
  [told('delete'), told('delete', false, true)],
])('in the stats map both values are the same, and one of them is known: %o', (event, known) => {
  expect(withKnownValues(event, 'stats')).toEqual(known);
  expect(withKnownValues(event, 'icmap')).toBe(event);
});

test('an overflow has none', () => {
  const overflow: CmapTrackEvent = { kind: 'overflow', dropped: 3, tracker: FAKE_TRACKER };
  expect(withKnownValues(overflow, 'stats')).toBe(overflow);
});
