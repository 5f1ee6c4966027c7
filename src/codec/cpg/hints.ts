import type { CsErrorName } from '../../errors/index.ts';

type Hints = Partial<Record<CsErrorName, string>>;

const TRY_AGAIN = 'corosync is busy with a change of membership, or has many messages to send; try again';

/** What corosync's refusals mean in words. */
export const JOIN_HINTS: Hints = {
  CS_ERR_EXIST:
    'this connection has joined a group already, or a process of this node is in the group with the same pid',
  CS_ERR_TRY_AGAIN: `${TRY_AGAIN} (or the same pid has just left the group)`,
  CS_ERR_BUSY: 'this connection has left a group, and can join no other',
};

export const LEAVE_HINTS: Hints = {
  CS_ERR_NOT_EXIST: 'this connection has not joined the group',
  CS_ERR_BUSY: 'the join is not complete yet',
  CS_ERR_TRY_AGAIN: TRY_AGAIN,
};

export const FINALIZE_HINTS: Hints = { CS_ERR_TRY_AGAIN: TRY_AGAIN };

export const FRAGMENT_HINTS: Hints = {
  CS_ERR_TRY_AGAIN: TRY_AGAIN,
  CS_ERR_INTERRUPT: 'the group has changed since the first fragment: the message begins again with that one',
};

export const ITERATION_HINTS: Hints = {
  CS_ERR_LIBRARY: 'corosync does not know the handle of the iteration',
};
