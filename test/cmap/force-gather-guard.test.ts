import { describe, expect, it } from 'vitest';
import { checkForceGather } from '../../src/cmap/force-gather-guard.ts';

describe('runtime.force_gather', () => {
  it.each(['uint8', 'float', 'binary', undefined])('may not become %s', (type) => {
    expect(() => checkForceGather('cmap_set', 'runtime.force_gather', type)).toThrow(
      expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM', key: 'runtime.force_gather' }),
    );
  });

  it('may be set to a string, and other keys to anything', () => {
    checkForceGather('cmap_set', 'runtime.force_gather', 'string');
    checkForceGather('cmap_set', 'runtime.force_gathers', 'uint8');
    checkForceGather('cmap_delete', 'quorum.cancel_wait_for_all', undefined);
  });
});
