import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangePace, HOLD_MS } from '../../../src/ipc/calls/change-pace.ts';
import { FakeRequest } from '../../helpers/fake/fake-request.ts';

const CHANGE = new FakeRequest(1, { changes: true });
const OTHER = new FakeRequest(2);

/** Sends as many changes as may go out in one batch. */
function batch(pace: ChangePace, whenSent: () => void = () => undefined): number {
  let count = 0;
  while (count < 1000 && pace.admits(CHANGE)) {
    pace.took(CHANGE);
    count += 1;
  }
  whenSent();
  pace.batchOver();
  return count;
}

describe('the pace of changes', () => {
  let free = 0;
  const paceOf = (): ChangePace => {
    const pace = new ChangePace();
    free = 0;
    pace.onFree(() => (free += 1));
    return pace;
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is as fast as a batch carries, as long as no notifications wait', () => {
    const pace = paceOf();
    expect([batch(pace), batch(pace), batch(pace)]).toEqual([1000, 1000, 1000]);
    expect([pace.holds, vi.getTimerCount()]).toEqual([false, 0]);
  });

  it('does not follow from batches without changes', () => {
    const pace = paceOf();
    pace.turned(true);
    pace.turned(false);
    for (let i = 0; i < 10; i++) pace.batchOver();
    expect(batch(pace)).toBe(64);
    pace.turned(true);
    expect(pace.admits(CHANGE)).toBe(false);
    vi.advanceTimersByTime(HOLD_MS);
    // Something else goes out before the change that has waited long enough.
    pace.batchOver();
    expect(pace.admits(CHANGE)).toBe(true);
  });

  it('holds changes back while notifications wait, and nothing else', () => {
    const pace = paceOf();
    pace.turned(true);
    expect([pace.admits(OTHER), pace.admits(CHANGE), pace.admits(CHANGE), pace.holds]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    pace.turned(false);
    expect([free, pace.holds, pace.admits(CHANGE), vi.getTimerCount()]).toEqual([1, false, true, 0]);
  });

  it('lets a batch go after a while: what waits may be of others, and without end', () => {
    const pace = paceOf();
    pace.turned(true);
    for (let round = 1; round <= 3; round++) {
      expect(batch(pace)).toBe(0);
      vi.advanceTimersByTime(49);
      expect([free, batch(pace)]).toEqual([round - 1, 0]);
      vi.advanceTimersByTime(1);
      expect([free, batch(pace)]).toEqual([round, 64]);
    }
  });

  it('becomes slower each time that notifications had to wait, and faster with each batch that went well', () => {
    const pace = paceOf();
    const backlog = (): void => {
      pace.turned(true);
      pace.batchOver();
      pace.turned(false);
    };
    const sent = Array.from({ length: 6 }, () => {
      backlog();
      return batch(pace, () => pace.turned(true));
    });
    expect(sent).toEqual([64, 16, 8, 8, 8, 8]);
    pace.turned(false);
    expect(Array.from({ length: 6 }, () => batch(pace))).toEqual([8, 16, 32, 64, 128, 1000]);
  });

  it('ends with the connection: no timer is left, and nothing is called', () => {
    const pace = paceOf();
    pace.turned(true);
    pace.admits(CHANGE);
    pace.stop();
    pace.turned(false);
    vi.advanceTimersByTime(1000);
    expect([free, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
