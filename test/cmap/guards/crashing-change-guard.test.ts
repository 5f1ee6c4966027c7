import { describe, expect, it } from 'vitest';
import { checkCrashingChange, type Change } from '../../../src/cmap/guards/crashing-change-guard.ts';
import type { CmapValue } from '../../../src/index.ts';

const set = (value: CmapValue): Change => ({ kind: 'set', value });
const uint32 = (value: number): Change => set({ type: 'uint32', value });
const TEXT = set({ type: 'string', value: 'x' });
const FLAG = set({ type: 'uint8', value: 1 });
const DELETE: Change = { kind: 'delete' };
const ADJUST: Change = { kind: 'adjust' };

describe('a change at which corosync can crash', () => {
  it.each([
    ['runtime.force_gather', FLAG],
    ['runtime.force_gather', set({ type: 'binary', value: new Uint8Array(2) })],
    ['runtime.force_gather', DELETE],
    ['quorum.cancel_wait_for_all', TEXT],
    ['quorum.cancel_wait_for_all', uint32(1)],
    ['quorum.cancel_wait_for_all', DELETE],
    ['resources.watchdog_timeout', uint32(1)],
    ['resources.watchdog_timeout', uint32(121)],
    ['resources.watchdog_timeout', set({ type: 'uint16', value: 10 })],
    ['resources.watchdog_timeout', ADJUST],
    ['resources.system.memory_used.current', DELETE],
    ['resources.system.memory_used.last_updated', DELETE],
    ['resources.system.load_15min.state', DELETE],
    ['logging.logger_subsys.QUORUM.debug', DELETE],
  ])('is refused: %s %o', (key, change) => {
    expect(() => checkCrashingChange('cmap_set', key, change)).toThrow(
      expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM', operation: 'cmap_set', key }),
    );
  });

  it.each([
    ['runtime.force_gather', TEXT],
    ['runtime.force_gathers', FLAG],
    ['quorum.cancel_wait_for_all', FLAG],
    ['quorum.cancel_wait_for_all', ADJUST],
    ['quorum.cancel_wait_for_all.x', DELETE],
    ['resources.watchdog_timeout', uint32(2)],
    ['resources.watchdog_timeout', uint32(120)],
    ['resources.watchdog_timeout', DELETE],
    ['resources.system.memory_used.max', DELETE],
    ['resources.system.memory_used.current', TEXT],
    ['logging.logger_subsys.QUORUM.debug', TEXT],
    ['logging.debug', DELETE],
    ['my.key', DELETE],
  ])('is not %s %o', (key, change) => {
    expect(() => checkCrashingChange('cmap_set', key, change)).not.toThrow();
  });
});
