import { afterAll, beforeAll, expect, it } from 'vitest';
import { CMAP_TRACK, CMAP_TYPES, CmapPeer } from '../helpers/c-peer.ts';
import { PrivateCorosync } from '../helpers/private-corosync.ts';
import { describeIntegration } from '../helpers/requirements.ts';

const ALL = CMAP_TRACK.add | CMAP_TRACK.modify | CMAP_TRACK.delete;
const SEGMENTATION_FAULT = 139;

/** What libcmap alone does to corosync: the reason for nested-set-guard.ts. If this fails, corosync has been mended. */
describeIntegration('corosync, with libcmap alone', () => {
  let corosync: PrivateCorosync;
  beforeAll(async () => {
    corosync = await PrivateCorosync.start();
  });
  afterAll(() => corosync.stop());

  it('crashes when quorum.cancel_wait_for_all is set while a prefix of it is tracked', async () => {
    await using tracker = await CmapPeer.connected();
    await using writer = await CmapPeer.connected();
    await tracker.trackAdd('quorum.', ALL | CMAP_TRACK.prefix);
    const set = writer.set('quorum.cancel_wait_for_all', CMAP_TYPES.uint8, Uint8Array.of(1));
    await corosync.exited();
    expect(corosync.exitCode).toBe(SEGMENTATION_FAULT);
    await set;
  });
});
