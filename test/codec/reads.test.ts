import { describe, expect, it } from 'vitest';
import * as cfg from '../../src/codec/cfg/ids.ts';
import * as cmap from '../../src/codec/cmap/ids.ts';
import * as cpg from '../../src/codec/cpg/ids.ts';
import * as quorum from '../../src/codec/quorum/ids.ts';
import * as votequorum from '../../src/codec/votequorum/ids.ts';
import { KillNodeRequest } from '../../src/codec/cfg/kill-node.ts';
import { ReloadConfigRequest } from '../../src/codec/cfg/reload-config.ts';
import { ReopenLogFilesRequest } from '../../src/codec/cfg/reopen-log-files.ts';
import { ReplyToShutdownRequest } from '../../src/codec/cfg/reply-to-shutdown.ts';
import { TryShutdownRequest } from '../../src/codec/cfg/try-shutdown.ts';
import { AdjustIntRequest } from '../../src/codec/cmap/adjust-int.ts';
import { DeleteRequest } from '../../src/codec/cmap/delete.ts';
import {
  QdeviceRegisterRequest,
  QdeviceUnregisterRequest,
} from '../../src/codec/votequorum/qdevice-register.ts';
import { QdeviceUpdateRequest } from '../../src/codec/votequorum/qdevice-update.ts';
import { FinalizeRequest } from '../../src/codec/cpg/finalize.ts';
import { JoinRequest } from '../../src/codec/cpg/join.ts';
import { LeaveRequest } from '../../src/codec/cpg/leave.ts';
import { McastRequest } from '../../src/codec/cpg/mcast.ts';
import { PartialMcastRequest } from '../../src/codec/cpg/partial-mcast.ts';
import { SetExpectedRequest } from '../../src/codec/votequorum/set-expected.ts';
import { SetVotesRequest } from '../../src/codec/votequorum/set-votes.ts';

/** The names of the requests that a client with access 'read' may not send. */
function refused(ids: Readonly<Record<string, number>>, reads: ReadonlySet<number>): string[] {
  return Object.keys(ids).filter((name) => !reads.has(ids[name] ?? -1));
}

describe('what a client with access to read may not send', () => {
  it('is everything that changes something, of each service', () => {
    expect(refused(cmap.CMAP_REQUEST_ID, cmap.CMAP_READS)).toEqual(['set', 'delete', 'adjustInt']);
    expect(refused(quorum.QUORUM_REQUEST_ID, quorum.QUORUM_READS)).toEqual([]);
    expect(refused(cpg.CPG_REQUEST_ID, cpg.CPG_READS)).toEqual([
      'join',
      'leave',
      'mcast',
      'finalize',
      'partialMcast',
    ]);
    expect(refused(votequorum.VOTEQUORUM_REQUEST_ID, votequorum.VOTEQUORUM_READS)).toEqual([
      'setExpected',
      'setVotes',
      'qdeviceRegister',
      'qdeviceUnregister',
      'qdeviceUpdate',
      'qdevicePoll',
      'qdeviceMasterWins',
      'qdeviceSetExtraInfo',
    ]);
    expect(refused(cfg.CFG_REQUEST_ID, cfg.CFG_READS)).toEqual([
      'killNode',
      'tryShutdown',
      'replyToShutdown',
      'reloadConfig',
      'reopenLogFiles',
      'trackStart',
      'trackStop',
    ]);
  });

  it.each([
    [new KillNodeRequest(1, ''), cfg.CFG_READS],
    [new TryShutdownRequest('request'), cfg.CFG_READS],
    [new ReplyToShutdownRequest(true), cfg.CFG_READS],
    [new ReloadConfigRequest(), cfg.CFG_READS],
    [new ReopenLogFilesRequest(), cfg.CFG_READS],
    [new DeleteRequest('key'), cmap.CMAP_READS],
    [new AdjustIntRequest('cmap_inc', 'key', 1), cmap.CMAP_READS],
    [new JoinRequest('chat', 1, false), cpg.CPG_READS],
    [new LeaveRequest('chat', 1), cpg.CPG_READS],
    [new McastRequest('chat', new Uint8Array()), cpg.CPG_READS],
    [
      new PartialMcastRequest('chat', { part: 'first', messageLength: 0, bytes: new Uint8Array() }),
      cpg.CPG_READS,
    ],
    [new FinalizeRequest(), cpg.CPG_READS],
    [new SetExpectedRequest(1), votequorum.VOTEQUORUM_READS],
    [new SetVotesRequest(1, 1), votequorum.VOTEQUORUM_READS],
    [new QdeviceRegisterRequest('disk'), votequorum.VOTEQUORUM_READS],
    [new QdeviceUnregisterRequest('disk'), votequorum.VOTEQUORUM_READS],
    [new QdeviceUpdateRequest('disk', 'net'), votequorum.VOTEQUORUM_READS],
  ])('no message that changes something is among them: $operation', (message, reads) => {
    expect(message.changes).toBe(true);
    expect(reads.has(message.requestId)).toBe(false);
  });
});
