import { afterEach, beforeEach, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { CMAP_TRACK, CMAP_TYPES, CmapPeer } from '../helpers/corosync/c-peer.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

const ALL = CMAP_TRACK.add | CMAP_TRACK.modify | CMAP_TRACK.delete;
const SEGMENTATION_FAULT = 139;
const CS_OK = 1;
const CS_ERR_NOT_EXIST = 12;

/** What libcmap alone does to corosync: the reasons for nested-set-guard.ts, crashing-change-guard.ts and iterate.ts. If one fails, corosync has been mended. */
describeIntegration('corosync, with libcmap alone', () => {
  let corosync: PrivateCorosync;
  beforeEach(async () => {
    corosync = await PrivateCorosync.start();
  });
  afterEach(() => corosync.stop());

  /** An iterator that rests on the key `bug.a`; others change what is around it. */
  async function restingIterator(peer: CmapPeer): Promise<bigint> {
    await peer.setUint32('bug.a', 1);
    await peer.setUint32('bug.x', 1);
    const { handle } = await peer.iterInit('bug.');
    expect(await peer.iterNext(handle)).toMatchObject({ code: CS_OK, key: 'bug.a' });
    return handle;
  }

  it('keeps a deleted key while an iterator rests on it, and loses what it is set to meanwhile', async () => {
    await using reader = await CmapPeer.connected();
    await using writer = await CmapPeer.connected();
    const handle = await restingIterator(reader);
    expect(await writer.delete('bug.a')).toBe(CS_OK);
    expect(await writer.get('bug.a')).toMatchObject({ code: CS_OK });
    expect(await writer.setUint32('bug.a', 2)).toBe(CS_OK);
    expect(await reader.iterNext(handle)).toMatchObject({ code: CS_OK, key: 'bug.x' });
    expect(await writer.get('bug.a')).toMatchObject({ code: CS_ERR_NOT_EXIST });
  });

  it('gives a key twice, and does not delete it when told to, if another was added beside it', async () => {
    await using reader = await CmapPeer.connected();
    await using writer = await CmapPeer.connected();
    await writer.setUint32('bug.abc', 1);
    const { handle } = await reader.iterInit('bug.');
    expect(await reader.iterNext(handle)).toMatchObject({ key: 'bug.abc' });
    await writer.setUint32('bug.abd', 1);
    expect(await reader.iterNext(handle)).toMatchObject({ key: 'bug.abc' });
    await reader.iterFinalize(handle);
    expect(await writer.delete('bug.abc')).toBe(CS_OK);
    expect(await writer.get('bug.abc')).toMatchObject({ code: CS_OK });
    expect(await writer.delete('bug.abc')).toBe(CS_OK);
    expect(await writer.get('bug.abc')).toMatchObject({ code: CS_ERR_NOT_EXIST });
  });

  it.each([
    ['the last key of logging.logger_subsys. is deleted', 'logging.logger_subsys.QUORUM.debug', 'on', ''],
    [
      'a key of mon is deleted while it has a limit',
      'resources.system.memory_used.max',
      '99',
      'resources.system.memory_used.state',
    ],
  ])('crashes when %s', async (_what, toSet, value, toDelete) => {
    await using peer = await CmapPeer.connected();
    expect(await peer.set(toSet, CMAP_TYPES.string, Buffer.from(`${value}\0`))).toBe(CS_OK);
    const deleted = toDelete === '' ? toSet : toDelete;
    const deleting = peer.delete(deleted);
    await corosync.exited();
    expect(corosync.exitCode).toBe(SEGMENTATION_FAULT);
    await deleting;
  });

  it('does not get such a request from us', async () => {
    const client = await CmapClient.connect();
    await client.setString('logging.logger_subsys.QUORUM.debug', 'on');
    await client.setString('resources.system.memory_used.max', '99');
    for (const key of ['logging.logger_subsys.QUORUM.debug', 'resources.system.memory_used.state']) {
      await expect(client.delete(key)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM', key });
    }
    await client.setString('logging.logger_subsys.QUORUM.debug', 'off');
    await client.close();
  });

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
